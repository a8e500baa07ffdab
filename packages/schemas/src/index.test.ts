import { readFileSync } from "node:fs"
import { expect, test } from "vitest"
import { z } from "zod"

const schemas = await import("./index.ts")

const documentedNames = [
  "ChatRequest",
  "Log",
  "ChatMessage",
  "ToolCall",
  "User",
  "FunctionDefinition",
  "Channel",
  "ToolDefinition",
  "Token",
  "ChatCompletionRequest",
  "Redemption",
  "ChatCompletionChoice",
  "ChatCompletionResponse",
  "ChatCompletionChunk",
  "ResponseInputText",
  "ResponseRequest",
  "ResponseOutputText",
  "ResponseOutputMessage",
  "ResponseObject",
  "EmbeddingRequest",
  "EmbeddingData",
  "EmbeddingResponse",
  "ImageGenerationRequest",
  "ImageData",
  "ImageUsageInputTokensDetails",
  "ImageUsage",
  "ImageGenerationResponse",
  "SpeechRequest",
  "TranscriptionRequest",
  "TranslationRequest",
  "TranscriptionResponse",
  "TranslationResponse",
  "VideoGenerationRequest",
  "VideoData",
  "VideoGenerationResponse",
  "ModerationRequest",
  "ModerationCategory",
  "ModerationResult",
  "ModerationResponse",
  "RerankRequest",
  "RerankResult",
  "RerankResponse",
] as const

test("the exported names", () => {
  expect(Object.keys(schemas).sort()).toMatchSnapshot()
})

test("all 42 documented schemas are exported under their names", () => {
  expect(documentedNames.map((name) => schemas[name].meta()?.id)).toEqual(documentedNames)
  expect(new Set(documentedNames).size).toBe(42)
})

test("every exported schema has its own name as id and says where it comes from", () => {
  const metas = Object.entries(schemas).flatMap(([name, value]) =>
    value instanceof z.ZodType ? [{ name, meta: value.meta() }] : [],
  )
  expect(metas.filter(({ name, meta }) => meta?.id !== name).map(({ name }) => name)).toEqual([])
  expect(metas.filter(({ meta }) => meta?.["x-provenance"] === undefined).map(({ name }) => name)).toEqual([])
})

test("nothing is re-exported wholesale", () => {
  expect(readFileSync(new URL("./index.ts", import.meta.url), "utf8")).not.toContain("export *")
})
