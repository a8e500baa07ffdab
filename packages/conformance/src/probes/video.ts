import type { Evidence } from "../evidence.ts"
import type { Probe } from "../probe.ts"
import { answeredOf, isObject } from "../reading/answered.ts"
import { onVideoPath, videoStep } from "../requests/video.ts"
import type { TargetFacts } from "../target/facts.ts"
import type { Ask, Step } from "../target/step.ts"

/** Returns the task in a reply, as far as its members are valid. */
export function taskIn(exchange: Evidence | undefined): {
  readonly id: string | undefined
  readonly status: string | undefined
  readonly progress: number | undefined
} {
  const answered = exchange && answeredOf(exchange)
  const isTask = answered?.status === 200 && answered.json.ok && isObject(answered.json.value)
  const { id, task_id, status, progress } = isTask ? (answered.json.value as Record<string, unknown>) : {}
  const text = (value: unknown) => (typeof value === "string" && value !== "" ? value : undefined)
  return {
    id: text(id) ?? text(task_id),
    status: text(status),
    progress: typeof progress === "number" ? progress : undefined,
  }
}

/** Number of bytes of a video that identify its format. */
const enoughBytes = 65_536

/** Returns a step about the task that the first earlier request created, if it created one. */
function aboutTask(
  operation: "retrieveVideo" | "retrieveVideoContent",
  known: TargetFacts,
  earlier: readonly Evidence[],
): Step | undefined {
  const { id } = taskIn(earlier[0])
  if (id === undefined) return undefined
  const step = onVideoPath({ operation, params: { task_id: id } }, known)
  return operation === "retrieveVideo" ? step : { ...step, hangUpAfterBytes: enoughBytes }
}

/** Reads the status of the task and, while it is unfinished, its content. */
function follow(known: TargetFacts): Ask[] {
  const poll: Ask = (earlier) => aboutTask("retrieveVideo", known, earlier)
  const content: Ask = (earlier) => aboutTask("retrieveVideoContent", known, earlier)
  const contentBefore: Ask = (earlier) => {
    const isDone = taskIn(earlier.at(-1)).status === "completed"
    return aboutTask(isDone ? "retrieveVideo" : "retrieveVideoContent", known, earlier)
  }
  return [poll, contentBefore, poll, poll, poll, content, poll]
}

/** One short video. A task is followed to its end, for at most five status requests. */
export const oneVideo: Probe = {
  id: "video.one",
  says: "one short video, from the request to its content",
  asks: (known) => [videoStep(known), ...(known.profile.video === "task" ? follow(known) : [])],
}
