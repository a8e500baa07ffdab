import { VideoGenerationRequest, VideoGenerationResponse } from "@nexhina/schemas"
import type { Evidence } from "../evidence.ts"
import { oneVideo, taskIn } from "../probes/video.ts"
import { answeredOf, type ParsedReply } from "../reading/answered.ts"
import { briefReply, briefText } from "../reading/brief.ts"
import { fitted } from "../reading/fitted.ts"
import { type View, view } from "../view.ts"
import { answersToValid, isSuccess, jsonAnswerOf } from "./http.ts"

const base = { surface: "video", probes: [oneVideo] } as const satisfies Partial<View<unknown>>

/** Replies to requests for a video, as any JSON value. */
export const videoReplies = view<ParsedReply>({
  ...base,
  id: "video.replies",
  says: "responses to video requests",
  of: jsonAnswerOf("createVideo"),
})

/** Replies that describe a video task, as any JSON value. */
export const taskReplies = view<ParsedReply>({
  ...base,
  id: "video.tasks",
  says: "video tasks",
  of: jsonAnswerOf("createVideo", "retrieveVideo"),
})

const beginnings = [/^.{4}ftyp/s, /^.E\xdf\xa3/s, /^RIFF.{4}AVI /s]

/** Returns whether a file begins like MP4, WebM or AVI. */
export function isVideo(bytes: Uint8Array): boolean {
  const head = Buffer.from(bytes.subarray(0, 16)).toString("latin1")
  return beginnings.some((pattern) => pattern.test(head))
}

/** The finished videos of a reply, and its request. */
export interface Filmed {
  readonly request: VideoGenerationRequest
  readonly videos: VideoGenerationResponse["data"]
}

/** Replies with finished videos. */
export const filmed = view<Filmed>({
  ...base,
  id: "video.finished",
  says: "finished videos",
  of(exchange) {
    const answered = videoReplies.of(exchange)
    if (!answered?.json.ok) return undefined
    const request = fitted(VideoGenerationRequest, answered.request)
    const reply = fitted(VideoGenerationResponse, answered.json.value)
    return request && reply ? { request, videos: reply.data } : undefined
  },
})

/** A step in the life of a task: it is created, its status is read, or its content is read. */
export interface Moment {
  readonly answered: ParsedReply
  readonly kind: "begin" | "look" | "content"
  /** Id of the task that the request is about or created. */
  readonly id: string
  /** The task in the reply, if it is a success. */
  readonly shown: ReturnType<typeof taskIn>
}

const kinds = {
  createVideo: "begin",
  retrieveVideo: "look",
  retrieveVideoContent: "content",
} as const

/** The id in a path such as `/v1/videos/{id}/content`. */
function idInPath(target: string): string | undefined {
  try {
    const segment = new URL(target).pathname
      .replace(/\/content$/, "")
      .split("/")
      .at(-1)
    return segment === undefined ? undefined : decodeURIComponent(segment)
  } catch {
    // The target in a recording can be something other than a URL.
    return undefined
  }
}

/** Returns the reply to a valid request, even if the kit closed the connection early on purpose. */
function answerOf(exchange: Evidence): ParsedReply | undefined {
  const { end, operation, fault } = exchange
  return end.kind === "aborted" && operation.value === "retrieveVideoContent" && !fault.value
    ? answeredOf(exchange)
    : answersToValid.of(exchange)
}

const briefTask = ({ id, status, progress }: Moment["shown"]): Moment["shown"] => ({
  id: id && briefText(id),
  status: status && briefText(status),
  progress,
})

/** Steps in the lives of tasks. */
export const moments = view<Moment>({
  ...base,
  id: "video.moments",
  needs: ["fault"],
  says: "requests that create a video task, retrieve it or download its content",
  of(exchange) {
    const answered = answerOf(exchange)
    const operation = answered?.operation
    if (
      !answered ||
      (operation !== "createVideo" && operation !== "retrieveVideo" && operation !== "retrieveVideoContent")
    )
      return undefined
    const kind = kinds[operation]
    const shown = taskIn(exchange)
    const id = kind === "begin" ? shown.id : idInPath(exchange.request.target)
    if (id === undefined) return undefined
    return { answered: briefReply(answered), kind, id: briefText(id), shown: briefTask(shown) }
  },
})

/** Contents of videos, sent directly or by redirection. */
export const contents = view<ParsedReply>({
  ...base,
  id: "video.contents",
  says: "contents of videos",
  of(exchange) {
    const answered = answerOf(exchange)
    return answered?.operation === "retrieveVideoContent" && isSuccess(answered) ? answered : undefined
  },
})
