import type { endpoints, OperationId, Profile } from "@nexhina/schemas"
import type { StreamEvent } from "@nexhina/stream"
import type { AudioReader } from "./audio/read-audio.ts"
import type { Digest } from "./content/random.ts"
import type { Tokenizer } from "./content/tokens.ts"
import type { Lane } from "./lane.ts"
import type { MediaLibrary } from "./media/media.ts"
import type { Models } from "./models.ts"
import type { Responder } from "./replies/utterance/respond.ts"
import type { Store } from "./store.ts"

/** The validated request body; `undefined` if the operation has no request body. */
type RequestOf<Id extends OperationId> = (typeof endpoints)[Id] extends {
  readonly request?: { readonly schema: { parse(input: unknown): infer Request } } | undefined
}
  ? Request
  : undefined

/** The validated query; `undefined` if the operation has no query parameters. */
type QueryOf<Id extends OperationId> = (typeof endpoints)[Id] extends {
  readonly query: { parse(input: unknown): infer Query }
}
  ? Query
  : undefined

/** A validated request and everything needed to reply to it. */
interface Question<Request, Query> {
  readonly request: Request
  /** Path parameters, percent-decoded. */
  readonly params: Readonly<Record<string, string>>
  readonly query: Query
  /** Scheme and host as the client addressed the mock, such as `http://127.0.0.1:4010`; the base of URLs in replies. */
  readonly origin: string
  /** State that outlives a request. */
  readonly store: Store
  readonly media: MediaLibrary
  readonly audio: AudioReader
  /** For computations that take many milliseconds. */
  readonly lane: Lane
  /** Whether the body is so long that a maker takes several turns of the lane. */
  readonly isLong: boolean
  readonly profile: Profile
  readonly models: Models
  readonly tokenizer: Tokenizer
  /** Whether tools are called when the request leaves the choice to the model. */
  readonly callTools: boolean
  /** Asked in order for what the model says, before it is generated. */
  readonly responders: readonly Responder[]
  /**
   * Members of the JSON reply that a scenario sets. They are set after the reply is made: a maker needs them only for
   * what depends on them, such as the same reply as a text.
   */
  readonly members?: object
  /** Unix seconds. */
  readonly now: number
  /** Time by which stored state is dated, in milliseconds. */
  readonly elapsedMs: number
  /** Hash of the seed alone, from which content is drawn. */
  readonly seed: Digest
  /** Hash of seed, method, path and body, the base of generated ids. */
  readonly id: string
}

/** A list of a reply with one element for each thing that the request names. */
export interface RequestedList {
  /** The member of the request that decides how many elements there are. */
  readonly by: string
  /** Maximum number of elements that the client gets. Default: all of the list. */
  readonly max?: number
  /** Member by which the elements are sorted, the greatest first. Default: they are in the order of the request. */
  readonly ranking?: string
}

/** A reply before it is encoded: its JSON value and, when the client asked for a stream, the function that splits it. */
export interface GeneratedReply<Value = unknown> {
  readonly value: Value
  /**
   * The value as JSON, when encoding it at once would block other requests or was done before. Used when no alteration
   * changes the value.
   */
  readonly json?: string | Uint8Array
  /** Names of members that are in the value only if the request asks for them. A scenario does not add them. Default: none. */
  readonly onRequest?: readonly string[]
  /** Lists that a scenario cannot lengthen, by the names of the members. Default: none. */
  readonly lists?: Readonly<Record<string, RequestedList>>
  stream?(value: Value): readonly StreamEvent[]
  /** Returns the same text as encoding the events of `stream`, but faster. Called when no alteration applies. */
  encoded?(value: Value): string
}

/** A reply that is not JSON: a text or a file, as sent. */
export interface GeneratedFile {
  readonly mediaType: string
  readonly body: string | Uint8Array
}

/**
 * Creates the reply to a validated request: a pure function of the question, except for the store. Throws a `Refusal`
 * when the mock cannot answer. Returns a promise when it uses the store, its time, the origin or an encoder: a reply that
 * is returned at once may be sent again when the same request comes again.
 */
export type ReplyMaker<Id extends OperationId> = (
  question: Question<RequestOf<Id>, QueryOf<Id>>,
) => GeneratedReply | GeneratedFile | Promise<GeneratedReply | GeneratedFile>
