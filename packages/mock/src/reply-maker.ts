import type { endpoints, OperationId, Profile } from "@nexhina/schemas"
import type { StreamEvent } from "@nexhina/stream"
import type { Digest } from "./content/random.ts"
import type { Tokenizer } from "./content/tokens.ts"
import type { Models } from "./models.ts"
import type { Store } from "./store.ts"

/** The valid request body of an operation; undefined where it takes none. */
type RequestOf<Id extends OperationId> = (typeof endpoints)[Id] extends {
  readonly request?: { readonly schema: { parse(input: unknown): infer Request } } | undefined
}
  ? Request
  : undefined

/** The valid query of an operation; undefined where it takes none. */
type QueryOf<Id extends OperationId> = (typeof endpoints)[Id] extends {
  readonly query: { parse(input: unknown): infer Query }
}
  ? Query
  : undefined

/** A valid request, and what a reply to it is made from besides. */
interface Question<Request, Query> {
  readonly request: Request
  /** Path parameters, percent-decoded. */
  readonly params: Readonly<Record<string, string>>
  readonly query: Query
  /** Where the client found the mock, as `http://127.0.0.1:4010`: what the URLs in a reply begin with. */
  readonly origin: string
  /** What was kept for later requests. */
  readonly store: Store
  readonly profile: Profile
  readonly models: Models
  readonly tokenizer: Tokenizer
  /** Unix seconds. */
  readonly now: number
  /** What content is drawn from: a hash of the seed alone. */
  readonly seed: Digest
  /** What the ids of the reply are made of: a hash of the seed, the method, the path and the whole body. */
  readonly id: string
}

/** A reply before it is encoded: its JSON value and, when a stream was asked for, how it is told in events. */
export interface Made<Value = unknown> {
  readonly value: Value
  stream?(value: Value): readonly StreamEvent[]
  /** What `encode` writes for the events of `stream`, but faster; asked when nothing alters them. */
  encoded?(value: Value): string
}

/** A reply that is no JSON: a text or a file, as it is sent. */
export interface MadeFile {
  readonly mediaType: string
  readonly body: string | Uint8Array
}

/**
 * Makes the reply to a valid request: a function of the question, but for what it keeps in the store. Throws a
 * `Refusal` for what the mock cannot answer. A promise is for makers that keep something or load an encoder.
 */
export type ReplyMaker<Id extends OperationId> = (
  question: Question<RequestOf<Id>, QueryOf<Id>>,
) => Made | MadeFile | Promise<Made | MadeFile>
