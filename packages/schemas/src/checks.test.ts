import { describe, expect, test } from "vitest"
import type { Endpoint } from "./endpoint.ts"
import { endpoints, type OperationId } from "./endpoints.ts"

const chat = { model: "gpt-4o", messages: [{ role: "user", content: "Hello" }] }
const saying = (...messages: object[]) => ({ ...chat, messages: [...chat.messages, ...messages] })
const tools = [
  { type: "function", function: { name: "look" } },
  { type: "custom", custom: { name: "run" } },
]
const call = { id: "call_1", type: "function", function: { name: "look", arguments: "{}" } }
const response = { model: "gpt-4o", input: "Hello" }
const responseTools = [{ type: "function", name: "look" }]
const named = (type: string, name: string) => ({ type, [type]: { name } })
const image = { prompt: "a" }
const video = { model: "sora", prompt: "a" }
const form = { file: new File([], "a.mp3"), model: "whisper-1" }

/** For each check, in order: requests that keep it, and requests that break it. */
const cases: Partial<Record<OperationId, readonly { kept: readonly object[]; broken: readonly object[] }[]>> =
  {
    createChatCompletion: [
      {
        kept: [chat, { ...chat, top_logprobs: null }, { ...chat, logprobs: true, top_logprobs: 2 }],
        broken: [
          { ...chat, top_logprobs: 2 },
          { ...chat, top_logprobs: 0, logprobs: false },
        ],
      },
      {
        kept: [
          { ...chat, tool_choice: "none" },
          { ...chat, tool_choice: "auto" },
          { ...chat, tools, tool_choice: "required" },
        ],
        broken: [
          { ...chat, tool_choice: "required" },
          { ...chat, tools: [], tool_choice: "required" },
        ],
      },
      {
        kept: [
          { ...chat, tools, tool_choice: named("function", "look") },
          { ...chat, tools, tool_choice: named("custom", "run") },
          {
            ...chat,
            tools,
            tool_choice: {
              type: "allowed_tools",
              allowed_tools: { mode: "auto", tools: [named("function", "look")] },
            },
          },
          { ...chat, tool_choice: { type: "of_the_future" } },
        ],
        broken: [
          { ...chat, tool_choice: named("function", "look") },
          { ...chat, tools, tool_choice: named("custom", "walk") },
          {
            ...chat,
            tools,
            tool_choice: {
              type: "allowed_tools",
              allowed_tools: { mode: "auto", tools: [named("function", "walk")] },
            },
          },
        ],
      },
      {
        kept: [
          { ...chat, function_call: "auto" },
          { ...chat, functions: [{ name: "look" }], function_call: { name: "look" } },
        ],
        broken: [{ ...chat, function_call: { name: "look" } }],
      },
      {
        kept: [saying({ role: "tool", tool_call_id: "call_1", content: "" })],
        broken: [
          saying({ role: "tool", content: "" }),
          saying({ role: "tool", tool_call_id: null, content: "" }),
        ],
      },
      {
        kept: [
          saying({ role: "assistant", content: "" }),
          saying({ role: "assistant", tool_calls: [call] }),
          saying({ role: "assistant", content: null, refusal: "No." }),
          saying({ role: "assistant", content: null, audio: { id: "audio_1" } }),
          saying({ role: "function", name: "look", content: null }),
        ],
        broken: [
          saying({ role: "user" }),
          saying({ role: "system", content: null }),
          saying({ role: "assistant", content: null }),
          saying({ role: "user", content: null, tool_calls: [call] }),
        ],
      },
      {
        kept: [
          { ...chat, modalities: ["text"] },
          { ...chat, modalities: ["text", "audio"], audio: { voice: "alloy", format: "wav" } },
        ],
        broken: [{ ...chat, modalities: ["audio"] }],
      },
    ],
    createResponse: [
      {
        kept: [
          response,
          { ...response, previous_response_id: "resp_1" },
          { ...response, conversation: "conv_1" },
        ],
        broken: [{ ...response, previous_response_id: "resp_1", conversation: { id: "conv_1" } }],
      },
      {
        kept: [
          { ...response, tool_choice: "auto" },
          { ...response, tools: responseTools, tool_choice: "required" },
        ],
        broken: [{ ...response, tool_choice: "required" }],
      },
      {
        kept: [
          { ...response, tools: responseTools, tool_choice: { type: "function", name: "look" } },
          { ...response, tool_choice: { type: "file_search" } },
        ],
        broken: [
          { ...response, tool_choice: { type: "custom", name: "look" } },
          { ...response, tools: responseTools, tool_choice: { type: "function", name: "walk" } },
        ],
      },
    ],
    createEmbedding: [
      {
        kept: [
          { model: "text-embedding-3-large", input: "a", dimensions: 3072 },
          { model: "text-embedding-ada-002", input: "a" },
          { model: "not-in-the-catalogue", input: "a", dimensions: 1e6 },
        ],
        broken: [
          { model: "text-embedding-ada-002", input: "a", dimensions: 1536 },
          { model: "text-embedding-3-small", input: "a", dimensions: 1537 },
        ],
      },
    ],
    createImage: [
      {
        kept: [
          { model: "dall-e-3", prompt: "a" },
          { model: "dall-e-3", prompt: "a", n: 1 },
          { model: "dall-e-2", prompt: "a", n: 2 },
        ],
        broken: [{ model: "dall-e-3", prompt: "a", n: 2 }],
      },
      {
        kept: [
          { model: "dall-e-3", prompt: "a".repeat(4000) },
          { model: "dall-e-2", prompt: "a".repeat(1000) },
          { prompt: "a".repeat(32_000) },
        ],
        broken: [
          { model: "dall-e-3", prompt: "a".repeat(4001) },
          { model: "dall-e-2", prompt: "a".repeat(1001) },
        ],
      },
      {
        kept: [
          image,
          { ...image, size: null },
          { ...image, size: "8192x1" },
          { ...image, size: "auto" },
          { ...image, model: "not-in-the-catalogue", size: "640x480" },
          { ...image, model: "gpt-image-1", size: "auto" },
          { ...image, model: "gpt-image-1", size: "1536x1024" },
          { ...image, model: "dall-e-3", size: "1792x1024" },
          { ...image, model: "dall-e-2", size: "256x256" },
        ],
        broken: [
          { ...image, size: "big" },
          { ...image, size: "" },
          { ...image, size: "0x0" },
          { ...image, size: "8193x1" },
          { ...image, size: "99999x99999" },
          { ...image, size: "1024x1024x1024" },
          { ...image, model: "gpt-image-1", size: "1792x1024" },
          { ...image, model: "dall-e-3", size: "auto" },
          { ...image, model: "dall-e-2", size: "1536x1024" },
        ],
      },
      {
        kept: [
          image,
          { ...image, background: "transparent" },
          { ...image, background: "transparent", output_format: "webp" },
          { ...image, background: "opaque", output_format: "jpeg" },
        ],
        broken: [{ ...image, background: "transparent", output_format: "jpeg" }],
      },
    ],
    createVideo: [
      {
        kept: [video, { ...video, size: "1280x720" }, { ...video, size: "640x480" }],
        broken: [
          { ...video, size: "auto" },
          { ...video, size: "1280x0" },
        ],
      },
      {
        kept: [video, { ...video, seconds: "8" }, { ...video, seconds: "2.5" }],
        broken: [
          { ...video, seconds: "0" },
          { ...video, seconds: "-4" },
          { ...video, seconds: "long" },
          { ...video, seconds: "" },
        ],
      },
    ],
    createSpeech: [
      {
        kept: [
          { model: "tts-1", input: "a", voice: "alloy" },
          { model: "gpt-4o-mini-tts", input: "a", voice: "alloy", instructions: "Slowly" },
        ],
        broken: [{ model: "tts-1-hd", input: "a", voice: "alloy", instructions: "Slowly" }],
      },
    ],
    createTranscription: [
      {
        kept: [form, { ...form, response_format: "verbose_json", "timestamp_granularities[]": ["word"] }],
        broken: [{ ...form, "timestamp_granularities[]": ["word"] }],
      },
    ],
  }

const contracts: readonly (readonly [string, Endpoint])[] = Object.entries(endpoints)

describe.each(contracts.filter(([, { checks }]) => checks.length > 0))("%s", (name, { request, checks }) => {
  const ofContract = new Map(Object.entries(cases)).get(name) ?? []

  test.each(checks.map((check, place) => ({ says: check.says, check, examples: ofContract[place] })))(
    "$says",
    ({ check, examples }) => {
      const { kept = [], broken = [] } = examples ?? {}
      const wellFormed = [...kept, ...broken].map((value) => request?.schema.safeParse(value).error?.issues)
      expect(wellFormed).toEqual(wellFormed.map(() => undefined))
      expect(kept.map((value) => check.holds(value))).toEqual(kept.map(() => true))
      expect(broken.map((value) => check.holds(value))).toEqual(broken.map(() => false))
      expect(Math.min(kept.length, broken.length)).toBeGreaterThan(0)
    },
  )
})
