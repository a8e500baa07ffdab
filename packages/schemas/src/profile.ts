import type { Provenance } from "./provenance.ts"

/**
 * A dialect of the API, as data: what differs on the wire between servers that all keep the contract.
 * A profile never changes a schema.
 */
export interface Profile {
  readonly title: string
  /** Where the usage of a chat stream rides: on the chunk that finishes it, or on one more with no choices. */
  readonly streamedUsage: "finishing-chunk" | "own-chunk"
  /** Whether a Responses stream ends with `[DONE]` too. */
  readonly responsesDone: boolean
  /**
   * Whether replies carry the members that OpenAI's schema shows and the gateway's does not: `refusal`,
   * `logprobs: null`, `system_fingerprint`, `service_tier`.
   */
  readonly openaiMembers: boolean
  /** Whether the 401 body has a `param` member. */
  readonly param401: boolean
  /** What `max_tokens: 0` means: as if absent, or a 400. */
  readonly zeroMaxTokens: "unset" | "invalid"
  /** Whether GPT image models take `response_format` and give URLs; else they refuse it and give base64. */
  readonly gptImageUrls: boolean
  /** What the video endpoint answers: the finished video, or a task to poll. */
  readonly video: "finished" | "task"
  readonly rerank: boolean
  readonly provenance: Readonly<Record<Exclude<keyof Profile, "title" | "provenance">, Provenance>>
}

/** A member of a profile that is true or false. */
export type ProfileFlag = {
  [Name in keyof Profile]: Profile[Name] extends boolean ? Name : never
}[keyof Profile]

export const profiles = {
  nexhina: {
    title: "Nexhina, as its documentation says",
    streamedUsage: "finishing-chunk",
    responsesDone: true,
    openaiMembers: false,
    param401: false,
    zeroMaxTokens: "unset",
    gptImageUrls: true,
    video: "finished",
    rerank: true,
    provenance: {
      streamedUsage: "documented",
      responsesDone: "documented",
      openaiMembers: "documented",
      param401: "documented",
      zeroMaxTokens: "chosen",
      gptImageUrls: "documented",
      video: "chosen",
      rerank: "documented",
    },
  },
  openai: {
    title: "OpenAI, as its API reference says",
    streamedUsage: "own-chunk",
    responsesDone: false,
    openaiMembers: true,
    param401: true,
    zeroMaxTokens: "invalid",
    gptImageUrls: false,
    video: "task",
    rerank: false,
    provenance: {
      streamedUsage: "deduced",
      responsesDone: "deduced",
      openaiMembers: "deduced",
      param401: "deduced",
      zeroMaxTokens: "deduced",
      gptImageUrls: "deduced",
      video: "deduced",
      rerank: "deduced",
    },
  },
} as const satisfies Record<string, Profile>
export type ProfileName = keyof typeof profiles
