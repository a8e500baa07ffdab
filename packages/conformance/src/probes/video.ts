import type { Evidence } from "../evidence.ts"
import type { Probe } from "../probe.ts"
import { answeredOf, isObject } from "../reading/answered.ts"
import { onVideoPath, videoStep } from "../requests/video.ts"
import type { TargetFacts } from "../target/facts.ts"
import type { Ask, Step } from "../target/step.ts"

/** What a reply says of a task, however much else is wrong with it. */
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

/** As much of a video as says what it is. */
const enoughBytes = 65_536

/** A request about the task that the first of the earlier requests began; none where there is no task. */
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

/** Looks how far the task is, and while it is not done what comes for its content. */
function follow(known: TargetFacts): Ask[] {
  const poll: Ask = (earlier) => aboutTask("retrieveVideo", known, earlier)
  const content: Ask = (earlier) => aboutTask("retrieveVideoContent", known, earlier)
  const contentBefore: Ask = (earlier) => {
    const isDone = taskIn(earlier.at(-1)).status === "completed"
    return aboutTask(isDone ? "retrieveVideo" : "retrieveVideoContent", known, earlier)
  }
  return [poll, contentBefore, poll, poll, poll, content, poll]
}

/** One short video; where it is a task, the way to its end, as far as it comes in five looks. */
export const oneVideo: Probe = {
  id: "video.one",
  says: "one short video, from the request to its content",
  asks: (known) => [videoStep(known), ...(known.profile.video === "task" ? follow(known) : [])],
}
