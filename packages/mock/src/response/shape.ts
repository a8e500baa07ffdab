import type { Profile } from "@nexhina/schemas"
import type { Frame, Header, Reply } from "@nexhina/wire"
import { envelope, Refusal } from "../refusal.ts"
import type { GeneratedFile, GeneratedReply } from "../reply-maker.ts"
import type { Context } from "../request/begin.ts"
import type { ScenarioEffects } from "../scenarios/effects.ts"
import type { RequestTiming } from "../timing/choose.ts"
import { packFrames } from "../timing/pack-frames.ts"
import { underFault } from "../timing/timeline.ts"
import { inactiveOf } from "./alterations.ts"
import { corsHeaders, preflight } from "./cors.ts"
import { altered, respond } from "./encode.ts"
import { withoutBody } from "./head.ts"
import { partOf } from "./range.ts"

/** Names the defects and variants that the request selected and that do not act on its reply, and `fault` if that does not. */
const inactiveHeader = "x-mock-inactive"

/** Describes why no scenario answered. */
const missHeader = "x-mock-miss"

/** The methods that a CORS preflight is told of. */
interface Preflight {
  readonly allow: readonly string[]
}

/** The result of answering a request, before it is encoded. */
export type Outcome = GeneratedReply | GeneratedFile | Preflight | Refusal

/** Turns an outcome into the reply: the last stages, which every reply of the mock passes. */
export function shape(outcome: Outcome, context: Context, profile: Profile): Reply {
  const { request, alterations, situation, timing } = context
  const reply = toReply(outcome, context, profile)
  const shaped = altered(
    "wire",
    request.method === "HEAD" ? withoutBody(reply) : reply,
    alterations,
    situation,
  )
  const staged = context.scenario ? staging(shaped, context.scenario) : shaped
  const fault = "allow" in outcome ? undefined : timing.fault
  if (alterations.length === 0 && fault === undefined) return packed(staged, timing)
  const struck = fault && underFault(staged, fault)
  const inactive = [
    ...inactiveOf(alterations, outcome instanceof Refusal),
    ...(fault && !struck ? ["fault"] : []),
  ]
  const final = packed(struck ?? staged, timing)
  if (inactive.length === 0) return final
  return { ...final, headers: [...final.headers, [inactiveHeader, inactive.join(", ")]] }
}

/** Stores the frames of a paced stream in little memory. */
function packed(reply: Reply, { pace }: RequestTiming): Reply {
  return pace && Array.isArray(reply.body) ? { ...reply, body: packFrames(reply.body) } : reply
}

/** Adds what a scenario changes outside the reply's content: its beginning, and the header that names a miss. */
function staging(reply: Reply, { latencyMs, miss }: ScenarioEffects): Reply {
  return {
    ...reply,
    ...(latencyMs > 0 && {
      head: { atMs: latencyMs + (reply.head?.atMs ?? 0) },
      body: Array.isArray(reply.body) ? reply.body.map((frame) => later(frame, latencyMs)) : reply.body,
    }),
    headers: miss === undefined ? reply.headers : [...reply.headers, [missHeader, printable(miss)]],
  }
}

const later = (frame: Frame, ms: number): Frame =>
  frame.atMs === undefined ? frame : { ...frame, atMs: frame.atMs + ms }

/** Returns a text with the characters that a header can have, and of limited length. */
function printable(text: string): string {
  return text.slice(0, 500).replaceAll(/[^\x20-\x7e]/g, "?")
}

function toReply(outcome: Outcome, context: Context, profile: Profile): Reply {
  const { request, requestId, headers, alterations, situation } = context
  // The headers of a refusal by a quota are those of the refusal.
  const counted = context.account?.headers() ?? []
  const standard: readonly Header[] = [["x-request-id", requestId], ...corsHeaders, ...counted]
  if (outcome instanceof Refusal) {
    const value = envelope(outcome, profile)
    return respond(outcome.status, { value }, [...outcome.headers, ...standard], alterations, situation)
  }
  if ("allow" in outcome) return preflight(outcome.allow, headers, standard)
  if ("body" in outcome && request.method === "GET") {
    const part = partOf(outcome, headers)
    if (part instanceof Refusal) return toReply(part, context, profile)
    if (part) return respond(206, part.file, [part.header, ...standard], alterations, situation)
  }
  const pace = request.method === "POST" ? context.timing.pace : undefined
  return respond(200, outcome, standard, alterations, situation, pace)
}
