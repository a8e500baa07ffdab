import type { OperationId, VideoGenerationRequest } from "@nexhina/schemas"
import * as fc from "fast-check"
import type { TargetFacts } from "../target/facts.ts"
import type { Step } from "../target/step.ts"
import { encodedSegment } from "../target/to-wire.ts"
import { askFor } from "./ask.ts"
import { type Members, requestOf, sometimes } from "./members.ts"
import { texts } from "./texts.ts"

type VideoMembers = Members<VideoGenerationRequest>

/** The members of the cheapest video. */
const cheapest = { seconds: "4", size: "720x1280" } as const

/** Generates the optional members; only those of OpenAI under its profile. */
function videoMembers({ profile }: TargetFacts): Readonly<Record<string, fc.Arbitrary<VideoMembers>>> {
  return {
    size: fc.record({ size: fc.constantFrom("720x1280", "1280x720", undefined) }),
    ...(profile.video === "finished" && {
      length: fc.constantFrom<VideoMembers[]>({ duration: 1, seconds: undefined }, { seconds: undefined }),
      pixels: fc.record({ width: fc.constant(320), height: fc.constant(240) }),
      fps: fc.record({ fps: fc.constantFrom(8, 24) }),
      seed: fc.record({ seed: fc.constantFrom(0, 7) }),
      n: fc.record({ n: fc.constantFrom(1, 2) }),
      response_format: fc.record({ response_format: fc.constantFrom("url" as const, "b64_json" as const) }),
      user: fc.record({ user: fc.constantFrom("ada", "user-2") }),
      metadata: fc.record({ metadata: fc.constant({ purpose: "test" }) }),
      image: fc.record({ image: fc.constant("https://example.com/cat.png") }),
    }),
  }
}

/** Requests for one short video or two, with any of the optional members. */
export function anyVideoRequests(known: TargetFacts): fc.Arbitrary<VideoGenerationRequest> {
  const base = texts.map((prompt) => ({ model: known.models.video, prompt, ...cheapest }))
  return requestOf<VideoGenerationRequest>(base, Object.values(videoMembers(known)).map(sometimes))
}

/** OpenAI's path, which is an alias in the contract. */
export function onVideoPath(step: Step, { profile }: TargetFacts): Step {
  if (profile.video !== "task") return step
  const task = encodedSegment(step.params?.["task_id"] ?? "")
  const paths: Partial<Record<OperationId, string>> = {
    createVideo: "/videos",
    retrieveVideo: `/videos/${task}`,
    retrieveVideoContent: `/videos/${task}/content`,
  }
  const path = paths[step.operation]
  return path === undefined ? step : { ...step, path }
}

/** Returns a request for one short video, with additional `members`. */
export const videoStep = (known: TargetFacts, members: object = {}): Step =>
  onVideoPath(
    askFor("createVideo", {
      model: known.models.video,
      prompt: "A red ball rolls over a white floor",
      ...cheapest,
      ...members,
    }),
    known,
  )
