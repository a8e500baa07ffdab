import type { ErrorResponse, endpoints, OperationId, Trait } from "@nexhina/schemas"
import type { Alteration, NamedAlteration, Reply, Situation } from "@nexhina/wire"

/** An error that real servers make, which a mock can inject into its responses. */
export type Defect = NamedAlteration & {
  /** The description: lower case, without a final stop. */
  readonly says: string
  /** The id of the conformance rule that finds the defect. */
  readonly breaks: string
  /** The rule's name for this kind of violation. */
  readonly fault: string
  /** The ids of other rules that also find the defect. */
  readonly also: readonly string[]
  /** The sources: public reports about a server, or the sentence of the contract that the defect breaks. */
  readonly seen: readonly string[]
}

/** A legal form of a response that differs from the mock's default. It must not violate a MUST rule. */
export type Variant = NamedAlteration & {
  /** The description: lower case, without a final stop. */
  readonly says: string
  /** The ids of SHOULD and MAY rules that may report it. */
  readonly notes: readonly string[]
  /** The sources that show it is legal: public reports, or a section of a specification. */
  readonly seen: readonly string[]
  /** The trait that a target with this behaviour must declare. Default: none. */
  readonly trait?: Trait
}

type Stage<Name extends Alteration["stage"]> = Extract<Alteration, { stage: Name }>

/** The JSON body of an operation's successful response. */
type ReplyOf<Id extends OperationId> = (typeof endpoints)[Id]["success"]["content"] extends {
  readonly "application/json": { readonly schema: { parse(value: unknown): infer Value } }
}
  ? Value
  : never

/** Returns whether a body is an error. A resource that can fail, such as a response, has an `error` and an `object`. */
const isError = (value: unknown): value is ErrorResponse =>
  typeof value === "object" && value !== null && "error" in value && !("object" in value)

/** Changes the successful JSON responses of one operation before they are encoded. Errors are not changed. */
export function onReply<Id extends OperationId>(
  operationId: Id,
  change: (reply: ReplyOf<Id>, situation: Situation) => unknown,
): Stage<"value"> {
  return {
    stage: "value",
    apply: (value, situation) =>
      // The mock returns a value that matches the operation's schema, or an error.
      situation.operationId === operationId && !isError(value)
        ? change(value as ReplyOf<Id>, situation)
        : value,
  }
}

/** Changes the error bodies of every operation before they are encoded. */
export function onErrors(change: (body: ErrorResponse, situation: Situation) => unknown): Stage<"value"> {
  return {
    stage: "value",
    apply: (value, situation) =>
      situation.operationId !== undefined && isError(value) ? change(value, situation) : value,
  }
}

/** Says which encoded responses are changed. */
export type Where = (reply: Reply, situation: Situation) => boolean

/**
 * Changes the encoded responses for which `where` returns true; when a request selects the alteration, those for which
 * `wider` does. `wider` is true wherever `where` is, and of any operation. Default: `where`.
 */
export function onWire(
  where: Where,
  change: (reply: Reply, situation: Situation) => Partial<Reply>,
  wider?: Where,
): Stage<"wire"> & { readonly wider?: Stage<"wire"> } {
  const form = (where: Where): Stage<"wire"> => ({
    stage: "wire",
    apply: (reply, situation) =>
      where(reply, situation) ? { ...reply, ...change(reply, situation) } : reply,
  })
  return { ...form(where), ...(wider && { wider: form(wider) }) }
}

/** Changes the parsed request of an operation before the mock handles it. The request is valid. */
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

/** Creates an alteration that remembers earlier requests: each mock that uses it starts its own. */
export function stateful<Kind extends Alteration>(create: () => Kind): Kind & { start(): Kind } {
  return { ...create(), start: create }
}

/** Returns a member of the request body; undefined when it is missing or the body is not an object. */
export function asked({ request }: Pick<Situation, "request">, member: string): unknown {
  return typeof request === "object" && request !== null
    ? new Map(Object.entries(request)).get(member)
    : undefined
}

/** Returns a copy of an object without the named members. */
export const without = (object: object, ...members: string[]): object =>
  Object.fromEntries(Object.entries(object).filter(([member]) => !members.includes(member)))
