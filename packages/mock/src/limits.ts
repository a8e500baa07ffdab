/** A limit of the mock. */
export interface Limit {
  readonly max: number
  /** What is limited. */
  readonly of: string
  /** What happens beyond the limit. */
  readonly beyond: string
}

/** The limits of the mock, all chosen. `docs/mock-limits.md` is generated from this object. */
export const limits = {
  bodyBytes: {
    max: 32 * 2 ** 20,
    of: "bytes of a request body, also after decompression",
    beyond: "413; the option `maxBodyBytes` of the hosts changes it",
  },
  heldBodyBytes: {
    max: 48 * 2 ** 20,
    of: "bytes of all request bodies that a server holds",
    beyond:
      "bodies of more than 64 KiB wait their turn; a client that sends less than 64 KiB in a second while others wait loses its connection, and so does one that stops in a smaller body; 503 after waiting two seconds for clients that send nothing",
  },
  headers: { max: 1_000, of: "headers of a request", beyond: "431" },
  headerBytes: { max: 2 ** 14, of: "bytes of all headers of a request", beyond: "431" },
  formParts: { max: 1_000, of: "parts of a form", beyond: "400" },
  jsonMarks: {
    max: 1_000_000,
    of: "characters `,`, `[` and `{` in a JSON body",
    beyond: "413",
  },
  jsonDepth: { max: 512, of: "nesting of a JSON body, in levels", beyond: "400" },
  objectMembers: {
    max: 10_000,
    of: "members of one object in a JSON body",
    beyond: "400 that names the object",
  },
  schemaWork: {
    max: 100_000,
    of: "work to generate values for the schemas and patterns of one request, in estimated microseconds",
    beyond: "400 that names the schema",
  },
  arrayObjects: { max: 4_096, of: "objects in one array of a JSON body", beyond: "400 that names the array" },
  conversationItems: {
    max: 4_096,
    of: "messages of a chat completion; items of a response and of the conversation before it",
    beyond: "400 that names `messages` or `input`",
  },
  conversationText: {
    max: 10_485_760,
    of: "characters of text in the messages of a chat completion, or in the conversation of a response",
    beyond: "400 that names `messages` or `input`",
  },
  embeddingText: {
    max: 2 ** 18,
    of: "characters of one input of an embedding",
    beyond: "400 that names `input`",
  },
  embeddingTexts: {
    max: 2 ** 22,
    of: "characters of all inputs of an embedding, four for each token id",
    beyond: "400 that names `input`",
  },
  embeddingNumbers: {
    max: 2 ** 22,
    of: "numbers in the reply to an embedding: inputs times dimensions",
    beyond: "400 that names `input`",
  },
  rerankText: {
    max: 2 ** 18,
    of: "characters of the query and of one document of a reranking",
    beyond: "400 that names it",
  },
  rerankTexts: {
    max: 2 ** 23,
    of: "characters of all documents of a reranking",
    beyond: "400 that names `documents`",
  },
  rerankDocuments: { max: 10_000, of: "documents of a reranking", beyond: "400 that names `documents`" },
  moderationText: {
    max: 2 ** 20,
    of: "characters of all inputs of a moderation",
    beyond: "400 that names `input`",
  },
  moderationInputs: { max: 2048, of: "inputs of a moderation", beyond: "400 that names `input`" },
  audioRead: { max: 4_000, of: "milliseconds to read an audio file", beyond: "400 that names `file`" },
  // 28 MB of ADTS, the format with the most frames, take 24 MiB.
  audioMemory: { max: 32, of: "MiB of memory to read an audio file", beyond: "400 that names `file`" },
  audioSeconds: { max: 86_399, of: "seconds of a recording", beyond: "400 that names `file`" },
  replyTokens: {
    max: 16_384,
    of: "tokens of one choice or response",
    beyond: "the reply ends with `length`",
  },
  // As many take about 150 ms, in which nobody else is served.
  replyEntries: {
    max: 2 ** 16,
    of: "tokens of all choices of a reply, with the alternatives of `top_logprobs`",
    beyond: "400 that names `n` or `top_logprobs`",
  },
  generatedText: {
    max: 10_000,
    of: "characters of a text that is generated for a schema or a pattern",
    beyond: "400 that names the schema",
  },
  speechSeconds: { max: 300, of: "seconds of generated speech", beyond: "the speech ends" },
  imagePixels: { max: 2 ** 22, of: "pixels of a generated image", beyond: "400 that names the size" },
  videoFrames: { max: 3_600, of: "frames of a generated video", beyond: "400 that names `seconds` or `fps`" },
  storedText: {
    max: 2 ** 25,
    of: "bytes of stored responses and video tasks, two for each character of a text beyond Latin-1",
    beyond: "those that were used least recently are dropped",
  },
  quotaOwners: {
    max: 10_000,
    of: "keys and scopes whose quotas are counted (`rpm` and `tpm`)",
    beyond: "those that were used least recently start again",
  },
  faultCounters: {
    max: 10_000,
    of: "counters of failures before an answer (`fail`), one for each scenario and scope",
    beyond: "the oldest start again",
  },
  writeTimeout: {
    max: 30_000,
    of: "milliseconds without progress of a reply that its client does not read",
    beyond: "the connection is closed; the option `writeTimeoutMs` of `startMock` changes it",
  },
  unsentBytes: {
    max: 2 ** 27,
    of: "unsent bytes of all replies",
    beyond: "the connections that have waited longest, for a second or more, are closed",
  },
  drain: {
    max: 5_000,
    of: "milliseconds that open replies get to finish after SIGTERM or SIGINT",
    beyond: "their connections are closed; `--drain` and the option `drainMs` change it",
  },
} as const satisfies Readonly<Record<string, Limit>>
