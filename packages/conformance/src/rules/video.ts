import { VideoReply, VideoTask } from "@nexhina/schemas"
import { headerOf } from "@nexhina/wire"
import { z } from "zod"
import { isObject } from "../reading/answered.ts"
import { type SchemaFault, schemaFaults } from "../reading/schema-faults.ts"
import { shown } from "../reading/shown.ts"
import { videoStep } from "../requests/video.ts"
import { type Fault, rule } from "../rule.ts"
import type { TargetFacts } from "../target/facts.ts"
import { isSuccess } from "../views/http.ts"
import {
  contents,
  type Filmed,
  filmed,
  isVideo,
  type Moment,
  moments,
  taskReplies,
  videoReplies,
} from "../views/video.ts"
import { firstOfEach } from "./sse.ts"

const since = "0.1.0"
const reference = "OpenAI API reference: videos"
const names = "Generate Video; schemas VideoGenerationRequest, VideoData, VideoGenerationResponse"

const bodyAt = (pointer: string) => ({ part: "body", pointer }) as const
const atStatus = { part: "status" } as const

/** Of the gateway's own form no page shows more than the schemas' names. */
const ofFinished = ({ profile }: TargetFacts) => (profile.video === "finished" ? "SHOULD" : "not-applicable")
const ofTasks = ({ profile }: TargetFacts) => (profile.video === "task" ? "MUST" : "not-applicable")

/** A task as OpenAI shows it. */
const OpenAiVideo = VideoTask.extend({
  id: z.string().min(1),
  object: z.literal("video"),
  status: z.enum(["queued", "in_progress", "completed", "failed"]),
  progress: z.number().min(0).max(100),
  created_at: z.int().min(0),
  model: z.string(),
  size: z.string(),
  seconds: z.string(),
})

/** Whether a fault is that the task does not say which cut was asked for: gateways leave that out. */
const isOfCut = ({ fault, path: [member] }: SchemaFault) =>
  fault === "missing" && (member === "size" || member === "seconds")

type FormatFault = Fault<"not-url" | "not-base64" | "undecodable" | "no-video" | "no-web-url">

function formatFaults(
  { url, b64_json: text }: Filmed["videos"][number],
  at: number,
  wanted: Filmed["request"]["response_format"],
): FormatFault[] {
  const atUrl = bodyAt(`/data/${at}/url`)
  const atText = bodyAt(`/data/${at}/b64_json`)
  if (wanted === "url" && !url)
    return [{ fault: "not-url", at: atUrl, expected: "a URL", actual: shown(url) }]
  if (wanted === "b64_json" && !text)
    return [{ fault: "not-base64", at: atText, expected: "base64", actual: shown(text) }]
  const faults: FormatFault[] = []
  if (url && !(URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)))
    faults.push({
      fault: "no-web-url",
      at: atUrl,
      expected: "an absolute http or https URL",
      actual: shown(url),
    })
  if (text && (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(text)))
    faults.push({ fault: "undecodable", at: atText, expected: "base64", actual: "other text" })
  else if (text && !isVideo(Buffer.from(text.slice(0, 64), "base64")))
    faults.push({
      fault: "no-video",
      at: atText,
      expected: "an MP4 or WebM",
      actual: shown(text.slice(0, 16)),
    })
  return faults
}

/** How far a task is that has this status; one that is unknown says nothing. */
const stages: ReadonlyMap<string | undefined, number> = new Map([
  ["queued", 0],
  ["in_progress", 1],
  ["completed", 2],
  ["failed", 2],
])

interface Placed extends Moment {
  /** Its place among all that a run has seen. */
  readonly of: number
}

/** The moments of each task, in the order of time, from each of its beginnings on. */
function lives(all: readonly Moment[]): Placed[][] {
  const byTask = new Map<string, Placed[][]>()
  const sentAt = ({ answered }: Moment) => answered.exchange.request.sentAtMs
  const inTime = all.map((moment, of) => ({ ...moment, of })).sort((a, b) => sentAt(a) - sentAt(b))
  for (const moment of inTime) {
    const of = byTask.get(moment.id)
    if (!of || moment.kind === "begin") byTask.set(moment.id, [...(of ?? []), [moment]])
    else of.at(-1)?.push(moment)
  }
  return [...byTask.values()].flat()
}

type LifeFault = Fault<"backwards" | "progress-falls" | "other-id" | "lost"> & { readonly of: number }

function lifeFaults(life: readonly Placed[]): LifeFault[] {
  const faults: LifeFault[] = []
  let stage = 0
  let status: string | undefined
  let progress = 0
  for (const { of, kind, id, shown: task, answered } of life) {
    if (kind === "content") continue
    if (kind === "look" && answered.status === 404)
      faults.push({ of, fault: "lost", at: atStatus, expected: `the task ${shown(id)}`, actual: "404" })
    if (task.id !== undefined && task.id !== id)
      faults.push({ of, fault: "other-id", at: bodyAt("/id"), expected: shown(id), actual: shown(task.id) })
    const next = stages.get(task.status) ?? stage
    if (next < stage || (stage === 2 && status !== task.status && stages.has(task.status)))
      faults.push({
        of,
        fault: "backwards",
        at: bodyAt("/status"),
        expected: `${status}, or what comes after it`,
        actual: shown(task.status),
      })
    // Some gateways say 0 of what has failed.
    if (task.progress !== undefined && task.progress < progress && task.status !== "failed")
      faults.push({
        of,
        fault: "progress-falls",
        at: bodyAt("/progress"),
        expected: `${progress} or more`,
        actual: String(task.progress),
      })
    stage = Math.max(stage, next)
    status = task.status ?? status
    progress = task.progress ?? progress
  }
  return faults
}

type ContentFault = Fault<"early" | "json" | "not-video" | "unavailable"> & { readonly of: number }

function contentFaults(life: readonly Placed[]): ContentFault[] {
  return life.flatMap(({ of, kind, answered }, at): ContentFault[] => {
    if (kind !== "content") return []
    const isLook = ({ shown: task }: Placed) => stages.has(task.status)
    const before = life.slice(0, at).findLast(isLook)?.shown.status
    const after = life.slice(at + 1).find(isLook)?.shown.status
    const { status, body, json, exchange } = answered
    const location = headerOf(exchange.response?.headers ?? [], "location")
    const isRedirect = status >= 300 && status < 400 && location !== undefined
    if (!isSuccess(answered) && !isRedirect)
      return before === "completed"
        ? [{ of, fault: "unavailable", at: atStatus, expected: "200, or a redirect", actual: String(status) }]
        : []
    // A task that is completed at the next look may have been so at this moment.
    if (before !== "completed" && after !== undefined && after !== "completed")
      return [
        { of, fault: "early", at: atStatus, expected: `4xx, as it is ${after}`, actual: String(status) },
      ]
    if (isRedirect || isVideo(body)) return []
    if (json.ok && isObject(json.value))
      return [
        {
          of,
          fault: "json",
          at: bodyAt(""),
          expected: "the video",
          actual: `JSON of ${Object.keys(json.value)}`,
        },
      ]
    const actual = `bytes that begin with ${Buffer.from(body.subarray(0, 8)).toString("hex")}`
    return [{ of, fault: "not-video", at: { part: "body", offset: 0 }, expected: "an MP4 or WebM", actual }]
  })
}

export const videoRules = [
  rule({
    id: "video.reply",
    since,
    says: "SHOULD return `created` and `data`, each item with `url` or `b64_json`, or a task with its status",
    severity: ofFinished,
    source: names,
    on: videoReplies,
    faults: {
      missing: "a member is missing",
      "wrong-value": "a member has a value of a different kind",
      empty: "an item has neither a url nor b64_json",
    },
    holds({ json }) {
      const value = json.ok ? json.value : undefined
      const faults = firstOfEach(schemaFaults(VideoReply, value))
      const { data } = isObject(value) ? value : {}
      const at = Array.isArray(data)
        ? data.findIndex((item) => isObject(item) && !item["url"] && !item["b64_json"])
        : -1
      if (at === -1) return faults
      return [...faults, { fault: "empty", at: bodyAt(`/data/${at}`), expected: "a video", actual: "none" }]
    },
  }),

  rule({
    id: "video.count",
    since,
    says: "SHOULD return `n` videos (default: 1)",
    severity: ofFinished,
    source: names,
    on: filmed,
    faults: { "too-few": "a video is missing", "too-many": "there are more videos than requested" },
    holds({ request: { n = 1 }, videos }) {
      if (videos.length === n) return []
      const fault = videos.length < n ? "too-few" : "too-many"
      return [{ fault, at: bodyAt("/data"), expected: `${n} videos`, actual: String(videos.length) }]
    },
  }),

  rule({
    id: "video.format",
    since,
    says: "SHOULD return videos as requested: an absolute URL, or base64 that decodes to a video",
    severity: ofFinished,
    source: names,
    on: filmed,
    after: ["video.reply:empty"],
    faults: {
      "not-url": "a URL was requested, but is missing",
      "not-base64": "base64 was requested, but is missing",
      undecodable: "the text is not base64",
      "no-video": "the bytes are not a video",
      "no-web-url": "the URL is not absolute, or not http(s)",
    },
    asks: (known) => [
      videoStep(known, { response_format: "url" }),
      videoStep(known, { response_format: "b64_json" }),
    ],
    holds: ({ request, videos }) =>
      firstOfEach(videos.flatMap((video, at) => formatFaults(video, at, request.response_format))),
  }),

  rule({
    id: "video.schema",
    since,
    says: "MUST return a video task with `id`, `object`, `status`, `progress`, `created_at` and `model`",
    severity: ofTasks,
    source: `${reference}: the video job`,
    see: ["https://github.com/QuantumNous/new-api/pull/2000"],
    on: taskReplies,
    faults: {
      missing: "a member is missing",
      "wrong-value": "a member has a value that is not documented",
    },
    holds: ({ json }) =>
      json.ok ? firstOfEach(schemaFaults(OpenAiVideo, json.value).filter((fault) => !isOfCut(fault))) : [],
  }),

  rule({
    id: "video.schema-full",
    since,
    says: "SHOULD return `size` and `seconds` in a video task",
    severity: ({ profile }) => (profile.video === "task" ? "SHOULD" : "not-applicable"),
    source: `${reference}: the video job`,
    see: ["https://github.com/QuantumNous/new-api/pull/2000"],
    on: taskReplies,
    after: ["video.schema"],
    faults: { missing: "a member is missing" },
    holds: ({ json }) =>
      json.ok
        ? schemaFaults(OpenAiVideo, json.value)
            .filter(isOfCut)
            .slice(0, 1)
            .map((fault) => ({ ...fault, fault: "missing" }))
        : [],
  }),

  rule({
    id: "video.ended-consistent",
    since,
    says: "SHOULD give a failed task an `error`, and a completed one a `progress` of 100",
    severity: ({ profile }) => (profile.video === "task" ? "SHOULD" : "not-applicable"),
    source: `${reference}: the video job, error and progress`,
    on: taskReplies,
    after: ["video.schema"],
    faults: {
      "no-error": "a failed task has no error",
      unfinished: "a completed task has less progress than 100",
    },
    holds({ json }): Fault<"no-error" | "unfinished">[] {
      const { status, error, progress } = json.ok && isObject(json.value) ? json.value : {}
      if (status === "failed" && !isObject(error))
        return [{ fault: "no-error", at: bodyAt("/error"), expected: "what failed", actual: shown(error) }]
      // Some count in fractions of a percent.
      if (status !== "completed" || Math.ceil(Number(progress)) >= 100) return []
      return [{ fault: "unfinished", at: bodyAt("/progress"), expected: "100", actual: shown(progress) }]
    },
  }),

  rule({
    id: "video.lifecycle",
    since,
    says: "MUST keep a task available under its id, with status and progress that only move forward",
    severity: ofTasks,
    source: `${reference}: retrieve a video`,
    see: ["https://github.com/QuantumNous/new-api/issues/2860"],
    scope: "run",
    on: moments,
    faults: {
      backwards: "the status is one that comes before",
      "progress-falls": "the progress is lower than before",
      "other-id": "the task is shown under a different id",
      lost: "the task does not exist",
    },
    holds(all) {
      if (!all.some(({ kind }) => kind === "look")) return { undecided: "no task was begun and looked at" }
      return lives(all).flatMap(lifeFaults)
    },
  }),

  rule({
    id: "video.content",
    since,
    says: "MUST return the content of a completed task, as a video or a redirect, and of no other task",
    severity: ofTasks,
    source: `${reference}: retrieve video content`,
    see: ["https://github.com/api7/aisix/pull/820", "https://github.com/QuantumNous/new-api/issues/2860"],
    scope: "run",
    on: moments,
    faults: {
      early: "content is returned, but the status before and after is not completed",
      json: "JSON was returned instead of the video",
      "not-video": "the bytes are not a video",
      unavailable: "the task is completed, but its content is not returned",
    },
    holds(all) {
      if (!all.some(({ kind }) => kind === "content")) return { undecided: "no content was asked for" }
      return lives(all).flatMap(contentFaults)
    },
  }),

  rule({
    id: "video.content-type",
    since,
    says: "SHOULD label the content of a task as `video/*`",
    severity: ({ profile }) => (profile.video === "task" ? "SHOULD" : "not-applicable"),
    source: `${reference}: retrieve video content; RFC 9110, section 8.3`,
    on: contents,
    faults: { other: "the content-type is that of a different format" },
    holds({ mediaType, body, exchange }) {
      if (!isVideo(body) || /^video\//.test(mediaType)) return []
      return [
        {
          fault: "other",
          at: { part: "header", name: "content-type" },
          expected: "video/mp4 or the like",
          actual: shown(headerOf(exchange.response?.headers ?? [], "content-type")),
        },
      ]
    },
  }),
] as const
