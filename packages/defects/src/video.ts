import type { VideoData, VideoGenerationResponse, VideoReply, VideoTask } from "@nexhina/schemas"
import type { Header, Reply } from "@nexhina/wire"
import { type Defect, onReply, onRequest, onWire, type Variant, without } from "./defect.ts"
import { withHeader } from "./http.ts"

const isFinished = (reply: VideoReply): reply is VideoGenerationResponse => "created" in reply

/** Changes a reply that holds the finished videos. */
const onFinished = (change: (reply: VideoGenerationResponse) => object) =>
  onReply("createVideo", (reply) => (isFinished(reply) ? change(reply) : reply))

/** Changes each finished video. */
const onVideos = (change: (video: VideoData) => object) =>
  onFinished((reply) => ({ ...reply, data: reply.data.map(change) }))

/** Changes the text of each video that comes in base64. */
const onBase64 = (change: (text: string) => string) =>
  onVideos((video) => (video.b64_json ? { ...video, b64_json: change(video.b64_json) } : video))

/** Changes a task whenever it is shown. */
const onTask = (change: (task: VideoTask, when: "begun" | "looked at") => object) => ({
  stage: "value" as const,
  apply: (value: unknown, situation: Parameters<ReturnType<typeof onReply>["apply"]>[1]) => {
    const begun = onReply("createVideo", (reply) => (isFinished(reply) ? reply : change(reply, "begun")))
    const looked = onReply("retrieveVideo", (task) => change(task, "looked at"))
    return looked.apply(begun.apply(value, situation), situation)
  },
})

/** Changes the content of a completed task on the wire. */
const onContent = (change: (reply: Reply) => Partial<Reply>) =>
  onWire(({ status }, { operationId }) => operationId === "retrieveVideoContent" && status === 200, change)

const asJson = (headers: readonly Header[], body: object, status = 200) => ({
  status,
  headers: withHeader(headers, "content-type", "application/json"),
  body: JSON.stringify(body),
})

const notFound = {
  error: {
    message: "There is no such video.",
    type: "invalid_request_error",
    param: null,
    code: "not_found",
  },
}

export const videoDefects: readonly Defect[] = [
  {
    id: "video-created-missing",
    says: "the response has no created time",
    breaks: "video.reply",
    fault: "missing",
    also: [],
    seen: ["Schema VideoGenerationResponse: created"],
    ...onFinished((reply) => without(reply, "created")),
  },
  {
    id: "video-data-object",
    says: "the response contains a single video instead of a list",
    breaks: "video.reply",
    fault: "wrong-value",
    also: [],
    seen: ["Schema VideoGenerationResponse: data"],
    ...onFinished((reply) => ({ ...reply, data: reply.data[0] })),
  },
  {
    id: "video-path-only",
    says: "video URLs are file paths on the server",
    breaks: "video.reply",
    fault: "empty",
    also: [],
    seen: ["Schema VideoData: url, b64_json"],
    ...onVideos((video) => ({ ...without(video, "url", "b64_json"), path: "/outputs/1.mp4" })),
  },
  {
    id: "video-none",
    says: "the list of videos is empty",
    breaks: "video.count",
    fault: "too-few",
    also: [],
    seen: ["Schema VideoGenerationRequest: n"],
    ...onFinished((reply) => ({ ...reply, data: [] })),
  },
  {
    id: "video-twice",
    says: "each video is sent twice",
    breaks: "video.count",
    fault: "too-many",
    also: [],
    seen: ["Schema VideoGenerationRequest: n"],
    ...onFinished((reply) => ({ ...reply, data: reply.data.flatMap((video) => [video, video]) })),
  },
  {
    id: "video-always-base64",
    says: "videos are sent as base64 although URLs were requested",
    breaks: "video.format",
    fault: "not-url",
    also: [],
    seen: ["Schema VideoGenerationRequest: response_format"],
    ...onRequest("createVideo", (request) => ({ ...request, response_format: "b64_json" })),
  },
  {
    id: "video-always-url",
    says: "videos are sent as URLs although base64 was requested",
    breaks: "video.format",
    fault: "not-base64",
    also: [],
    seen: ["Schema VideoGenerationRequest: response_format"],
    ...onRequest("createVideo", (request) => ({ ...request, response_format: "url" })),
  },
  {
    id: "video-base64-data-url",
    says: "b64_json contains a data URL instead of base64",
    breaks: "video.format",
    fault: "undecodable",
    also: [],
    seen: ["RFC 4648, section 4: the alphabet has neither colon nor comma"],
    ...onBase64((text) => `data:video/mp4;base64,${text}`),
  },
  {
    id: "video-base64-twice",
    says: "videos are base64-encoded twice",
    breaks: "video.format",
    fault: "no-video",
    also: [],
    seen: ["Schema VideoData: b64_json"],
    ...onBase64((text) => btoa(text)),
  },
  {
    id: "video-url-relative",
    says: "video URLs are paths without a host",
    breaks: "video.format",
    fault: "no-web-url",
    also: [],
    seen: ["Schema VideoData: url"],
    ...onVideos((video) => (video.url ? { ...video, url: new URL(video.url).pathname } : video)),
  },
  {
    id: "video-retrieve-shape",
    says: "a retrieved task is wrapped in the gateway's own envelope",
    breaks: "video.schema",
    fault: "missing",
    also: [],
    seen: ["https://github.com/QuantumNous/new-api/pull/2000"],
    ...onReply("retrieveVideo", (task) => ({ code: "success", message: "", data: { task } })),
  },
  {
    id: "video-status-of-provider",
    says: "the status is the upstream provider's name for it, in capital letters",
    breaks: "video.schema",
    fault: "wrong-value",
    also: [],
    seen: ["https://github.com/QuantumNous/new-api/pull/2000"],
    ...onTask((task) => ({ ...task, status: task.status.toUpperCase() })),
  },
  {
    id: "video-cut-unsaid",
    says: "a task has neither size nor seconds",
    breaks: "video.schema-full",
    fault: "missing",
    also: [],
    seen: ["https://github.com/QuantumNous/new-api/pull/2000"],
    ...onTask((task) => without(task, "size", "seconds")),
  },
  {
    id: "video-failed-without-error",
    says: "a failed task has no error",
    breaks: "video.ended-consistent",
    fault: "no-error",
    also: ["video.lifecycle", "video.content"],
    seen: ["OpenAI API reference: videos, the video job, error"],
    ...onTask((task, when) => (when === "begun" ? task : { ...task, status: "failed", error: null })),
  },
  {
    id: "video-completed-at-99",
    says: "a completed task has a progress of 99",
    breaks: "video.ended-consistent",
    fault: "unfinished",
    also: [],
    seen: ["OpenAI API reference: videos, the video job, progress"],
    ...onTask((task) => (task.status === "completed" ? { ...task, progress: 99 } : task)),
  },
  {
    id: "video-queued-again",
    says: "a task that is in progress goes back to queued",
    breaks: "video.lifecycle",
    fault: "backwards",
    also: ["video.content"],
    seen: ["https://github.com/QuantumNous/new-api/issues/2860"],
    ...onTask((task, when) => ({ ...task, status: when === "begun" ? "in_progress" : "queued" })),
  },
  {
    id: "video-progress-anew",
    says: "the progress restarts at each processing step",
    breaks: "video.lifecycle",
    fault: "progress-falls",
    also: ["video.ended-consistent"],
    seen: ["OpenAI API reference: the video job, progress"],
    ...onTask((task, when) => ({
      ...task,
      progress: when === "begun" ? 50 : Math.min(task.progress ?? 0, 40),
    })),
  },
  {
    id: "video-id-of-provider",
    says: "a retrieved task has the id that the upstream provider gave it",
    breaks: "video.lifecycle",
    fault: "other-id",
    also: [],
    seen: ["https://github.com/QuantumNous/new-api/pull/2000"],
    ...onReply("retrieveVideo", (task) => ({ ...task, id: `upstream-${task.id}` })),
  },
  {
    id: "video-task-lost",
    says: "a task cannot be retrieved after it was created",
    breaks: "video.lifecycle",
    fault: "lost",
    also: [],
    seen: ["OpenAI API reference: retrieve a video"],
    ...onWire(
      (_, { operationId }) => operationId === "retrieveVideo",
      ({ headers }) => asJson(headers, notFound, 404),
    ),
  },
  {
    id: "video-progress-stuck",
    says: "a task stays in progress although its video is ready",
    breaks: "video.content",
    fault: "early",
    also: [],
    seen: ["https://github.com/QuantumNous/new-api/issues/2860"],
    ...onTask((task, when) =>
      when === "begun"
        ? task
        : { ...task, status: "in_progress", progress: 33, completed_at: null, data: null },
    ),
  },
  {
    id: "video-content-delivery",
    says: "the content is JSON with the upstream provider's URL and credentials instead of the video",
    breaks: "video.content",
    fault: "json",
    also: [],
    seen: ["https://github.com/api7/aisix/pull/820"],
    ...onContent(({ headers }) =>
      asJson(headers, {
        uri: "https://provider.example.com/v1/files/1:download?alt=media",
        headers: { "x-goog-api-key": "the-gateways-own" },
      }),
    ),
  },
  {
    id: "video-content-text",
    says: "the content is the video in base64",
    breaks: "video.content",
    fault: "not-video",
    also: [],
    seen: ["OpenAI API reference: retrieve video content"],
    ...onContent(({ body }) =>
      body instanceof Uint8Array ? { body: btoa(String.fromCharCode(...body)) } : {},
    ),
  },
  {
    id: "video-content-missing",
    says: "the content of a completed task is not found",
    breaks: "video.content",
    fault: "unavailable",
    also: [],
    seen: ["https://github.com/api7/aisix/pull/820"],
    ...onContent(({ headers }) => asJson(headers, notFound, 404)),
  },
  {
    id: "video-content-untyped",
    says: "the content-type of the video is application/octet-stream",
    breaks: "video.content-type",
    fault: "other",
    also: [],
    seen: ["RFC 9110, section 8.3"],
    ...onContent(({ headers }) => ({
      headers: withHeader(headers, "content-type", "application/octet-stream"),
    })),
  },
]

const failedTask = {
  status: "failed",
  progress: 0,
  error: { code: "failed", message: "It failed." },
}

/** Returns the body of a task that failed; nothing where the body is no JSON, such as in the reply to HEAD. */
function failed(body: Reply["body"]): Partial<Pick<Reply, "body">> {
  try {
    return { body: JSON.stringify({ ...JSON.parse(String(body)), ...failedTask }) }
  } catch {
    return {}
  }
}

export const videoVariants: readonly Variant[] = [
  {
    id: "video-failed-without-progress",
    says: "a task fails, and its progress is 0",
    notes: [],
    seen: ["new-api, dto/openai_video.go"],
    ...onWire(
      ({ status }, { operationId }) =>
        status === 200 && (operationId === "retrieveVideo" || operationId === "retrieveVideoContent"),
      ({ headers, body }, { operationId }) =>
        operationId === "retrieveVideo" ? failed(body) : asJson(headers, notFound, 404),
    ),
  },
  {
    id: "video-task-brief",
    says: "a task has neither size nor seconds, which some gateways leave out",
    notes: ["video.schema-full"],
    seen: ["new-api, dto/openai_video.go"],
    ...onTask((task) => without(task, "size", "seconds")),
  },
  {
    id: "video-task-of-gateway",
    says: "the response is a task with the gateway's own member names instead of the finished videos",
    notes: [],
    seen: ["https://github.com/QuantumNous/new-api/pull/2000"],
    ...onFinished(() => ({ task_id: "task_abc123", status: "queued" })),
  },
  {
    id: "video-extra-members",
    says: "a video contains its cost and other undocumented members",
    notes: [],
    seen: ["https://github.com/QuantumNous/new-api/pull/2000"],
    ...onFinished((reply) => ({ ...reply, id: "video_abc123", usage: { seconds: 4 } })),
  },
  {
    id: "video-content-redirect",
    says: "the content of a completed task is a redirect",
    notes: [],
    seen: ["https://github.com/api7/aisix/pull/820", "RFC 9110, section 15.4.3"],
    ...onContent(({ headers }) => ({
      status: 302,
      headers: withHeader(headers, "location", "https://cdn.example.com/video.mp4"),
      body: "",
    })),
  },
  {
    id: "video-webm",
    says: "the video is a WebM file",
    notes: [],
    seen: ["OpenAI API reference: retrieve video content"],
    ...onContent(({ headers, body }) => ({
      headers: withHeader(headers, "content-type", "video/webm"),
      body:
        body instanceof Uint8Array ? Uint8Array.from([0x1a, 0x45, 0xdf, 0xa3, ...body.subarray(4)]) : body,
    })),
  },
  {
    id: "video-progress-fraction",
    says: "the progress is not an integer",
    notes: [],
    seen: ["OpenAI API reference: the video job, progress"],
    ...onTask((task) => ({ ...task, progress: (task.progress ?? 0) * 0.999 })),
  },
  {
    id: "video-task-members",
    says: "a task contains undocumented members, and no completed_at and expires_at",
    notes: [],
    seen: ["OpenAI's OpenAPI document closes no object of a reply"],
    ...onTask((task) => ({ ...without(task, "completed_at", "expires_at"), queue: "default" })),
  },
]
