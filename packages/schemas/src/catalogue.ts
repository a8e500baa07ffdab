import type { Provenance } from "./provenance.ts"

export type ModelKind =
  | "chat"
  | "embedding"
  | "image"
  | "speech"
  | "transcription"
  | "video"
  | "moderation"
  | "rerank"

/** A model that the documentation names. Gateways add and drop models: the catalogue closes no schema. */
export interface CatalogueModel {
  readonly id: string
  readonly kind: ModelKind
  readonly provenance: Provenance
  /** In tokens. */
  readonly contextWindow?: number
  /** Length of an embedding when the request does not say. */
  readonly dimensions?: number
  /** Whether a request may ask for fewer dimensions. */
  readonly reducible?: boolean
}

/** The models of the page "Quick to use", and those that only samples on endpoint pages show. */
export const catalogue = [
  { id: "gpt-4o", kind: "chat", contextWindow: 128_000, provenance: "documented" },
  { id: "gpt-4o-mini", kind: "chat", contextWindow: 128_000, provenance: "documented" },
  { id: "gpt-4.1", kind: "chat", contextWindow: 1_000_000, provenance: "documented" },
  { id: "gpt-4.1-mini", kind: "chat", contextWindow: 1_000_000, provenance: "documented" },
  { id: "gpt-4.1-nano", kind: "chat", contextWindow: 1_000_000, provenance: "documented" },
  { id: "o3", kind: "chat", contextWindow: 200_000, provenance: "documented" },
  { id: "o4-mini", kind: "chat", contextWindow: 200_000, provenance: "documented" },
  { id: "claude-sonnet-4-20250514", kind: "chat", contextWindow: 200_000, provenance: "documented" },
  { id: "claude-opus-4-20250514", kind: "chat", contextWindow: 200_000, provenance: "documented" },
  { id: "gemini-2.5-pro", kind: "chat", contextWindow: 1_000_000, provenance: "documented" },
  { id: "deepseek-v3", kind: "chat", provenance: "documented" },
  {
    id: "text-embedding-3-large",
    kind: "embedding",
    dimensions: 3072,
    reducible: true,
    provenance: "documented",
  },
  {
    id: "text-embedding-3-small",
    kind: "embedding",
    dimensions: 1536,
    reducible: true,
    provenance: "documented",
  },
  {
    id: "text-embedding-ada-002",
    kind: "embedding",
    dimensions: 1536,
    reducible: false,
    provenance: "documented",
  },
  { id: "text-embedding-v3", kind: "embedding", provenance: "documented" },
  { id: "gpt-image-1", kind: "image", provenance: "documented" },
  { id: "dall-e-3", kind: "image", provenance: "documented" },
  { id: "dall-e-2", kind: "image", provenance: "documented" },
  { id: "tts-1", kind: "speech", provenance: "documented" },
  { id: "tts-1-hd", kind: "speech", provenance: "documented" },
  { id: "gpt-4o-mini-tts", kind: "speech", provenance: "documented" },
  { id: "whisper-1", kind: "transcription", provenance: "documented" },
  { id: "veo-2", kind: "video", provenance: "documented" },
  { id: "sora", kind: "video", provenance: "documented" },
  { id: "content-moderation-latest", kind: "moderation", provenance: "documented" },
  // The table is cut after the first letter of its first rerank model, a "c".
  { id: "cohere-rerank-v3.5", kind: "rerank", provenance: "chosen" },
] as const satisfies readonly CatalogueModel[]

/** The kinds that have a model in the catalogue. */
export type CatalogueKind = (typeof catalogue)[number]["kind"]

/** The known ids of a kind. */
export type IdOf<Kind extends CatalogueKind> = Extract<(typeof catalogue)[number], { kind: Kind }>["id"]

/** Returns the known ids of a kind, in the order of the catalogue. A kind without a model does not compile. */
export function modelIds<const Kind extends CatalogueKind>(kind: Kind): [IdOf<Kind>, ...IdOf<Kind>[]] {
  // Each of these kinds has a model, which `filter` forgets.
  return catalogue.filter((model) => model.kind === kind).map((model) => model.id) as [
    IdOf<Kind>,
    ...IdOf<Kind>[],
  ]
}
