import type { ErrorResponse, endpoints, OperationId, Trait } from "@nexhina/schemas"
import type { Alteration, NamedAlteration, Reply, Situation } from "@nexhina/wire"

/** A way in which a real server was wrong. */
export type Defect = NamedAlteration & {
  readonly says: string
  /** The rule whose sentence it breaks, and the rule's name for this way to break it. */
  readonly breaks: string
  readonly fault: string
  /** Other rules that rightly find it too. */
  readonly also: readonly string[]
  /** Threads in which a server did this, or the sentence of the contract that it breaks. */
  readonly seen: readonly string[]
}

/** A form that differs from the mock's own and is legal all the same: no MUST rule may object. */
export type Variant = NamedAlteration & {
  readonly says: string
  /** The SHOULD and MAY rules that it may draw. */
  readonly notes: readonly string[]
  /** Why it is legal: threads, or a section of a specification. */
  readonly seen: readonly string[]
  /** What a target that does this has to be known for. Default: nothing. */
  readonly trait?: Trait
}

type Stage<Name extends Alteration["stage"]> = Extract<Alteration, { stage: Name }>

/** What an operation answers as JSON. */
type ReplyOf<Id extends OperationId> = (typeof endpoints)[Id]["success"]["content"] extends {
  readonly "application/json": { readonly schema: { parse(value: unknown): infer Value } }
}
  ? Value
  : never

/** A resource that can fail has an `error` too, and says what object it is. */
const isError = (value: unknown): value is ErrorResponse =>
  typeof value === "object" && value !== null && "error" in value && !("object" in value)

/** Changes what one operation answers, before it is encoded; its errors stay. */
export function onReply<Id extends OperationId>(
  operationId: Id,
  change: (reply: ReplyOf<Id>, situation: Situation) => unknown,
): Stage<"value"> {
  return {
    stage: "value",
    apply: (value, situation) =>
      // The mock answers by its contract, and with an error object where it does not.
      situation.operationId === operationId && !isError(value)
        ? change(value as ReplyOf<Id>, situation)
        : value,
  }
}

/** Changes what every operation answers with a status of 400 or above. */
export function onErrors(change: (body: ErrorResponse, situation: Situation) => unknown): Stage<"value"> {
  return {
    stage: "value",
    apply: (value, situation) =>
      situation.operationId !== undefined && isError(value) ? change(value, situation) : value,
  }
}

/** Changes what stands on the wire, where it is to be changed. */
export function onWire(
  where: (reply: Reply, situation: Situation) => boolean,
  change: (reply: Reply, situation: Situation) => Partial<Reply>,
): Stage<"wire"> {
  return {
    stage: "wire",
    apply: (reply, situation) =>
      where(reply, situation) ? { ...reply, ...change(reply, situation) } : reply,
  }
}

/** Changes what an operation understood of a valid request. */
export function onRequest<Id extends OperationId>(
  operationId: Id,
  change: (request: object) => object,
): Stage<"request"> {
  return {
    stage: "request",
    apply: (request, situation) =>
      situation.operationId === operationId ? change(request as object) : request,
  }
}

/** A member of the request's body, or nothing. */
export function asked({ request }: Pick<Situation, "request">, member: string): unknown {
  return typeof request === "object" && request !== null
    ? new Map(Object.entries(request)).get(member)
    : undefined
}

/** An object without some of its members. */
export const without = (object: object, ...members: string[]): object =>
  Object.fromEntries(Object.entries(object).filter(([member]) => !members.includes(member)))
