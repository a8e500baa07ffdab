/** A limit of the kit: its value, and what it bounds. */
export interface Limit {
  readonly max: number
  /** What is counted: lower case, without a final stop. */
  readonly unit: string
  /** What happens beyond it. */
  readonly beyond: string
}

const MiB = 2 ** 20
const isFinding = "a finding of `http.within-limits`; nothing else of the response is judged"

/**
 * The limits that keep a run within its time and memory, whatever the target sends. `docs/run.md` lists them. The
 * values are chosen: well above what a reply to the kit's requests needs, and low enough for 400 MB of memory.
 */
export const limits = {
  replyBytes: {
    max: 16 * MiB,
    unit: "bytes of a response body that are read",
    beyond: "the kit closes the connection: a finding of `http.body-complete` or `sse.terminates`",
  },
  replyChunks: {
    max: 100_000,
    unit: "pieces in which a response body arrives",
    beyond: "the kit closes the connection: a finding of `http.body-complete` or `sse.terminates`",
  },
  textBytes: {
    max: 4 * MiB,
    unit: "bytes of a response body, before and after decompression",
    beyond: isFinding,
  },
  mediaBytes: {
    max: 16 * MiB,
    unit: "bytes of a response body about images, audio or video, before and after decompression",
    beyond: isFinding,
  },
  jsonDepth: { max: 100, unit: "levels of nested arrays and objects in JSON", beyond: isFinding },
  jsonMarks: { max: 250_000, unit: "`,`, `[` and `{` of the JSON in a response body", beyond: isFinding },
  events: { max: 10_000, unit: "events of a stream", beyond: isFinding },
  lines: { max: 100_000, unit: "lines of a stream", beyond: isFinding },
  lineBytes: { max: MiB, unit: "bytes of a line of a stream", beyond: isFinding },
  sampleBytes: {
    max: 16 * MiB,
    unit: "bytes of responses to the requests of one sample, which are judged together",
    beyond: "the rest of the sample is not sent",
  },
  unjudgedBytes: {
    max: 8 * MiB,
    unit: "bytes of responses that wait to be judged",
    beyond: "they are judged before more requests are sent",
  },
  unjudgedSamples: {
    max: 64,
    unit: "samples that wait to be judged",
    beyond: "they are judged before more requests are sent",
  },
  comparedExchanges: {
    max: 1000,
    unit: "exchanges that a rule about the whole run keeps, of which no two are alike",
    beyond:
      "fingerprints of ids are compared; a rule that cannot do without the others is `inconclusive` (in `check`: `not-run`)",
  },
  comparedIds: {
    max: 1_000_000,
    unit: "ids of which a rule about the whole run keeps fingerprints",
    beyond: "the rule is `inconclusive` (in `check`: `not-run`)",
  },
  findings: {
    max: 1000,
    unit: "findings of a report",
    beyond: "the report gives the number of the others; each rule that was broken keeps its first finding",
  },
  findingBytes: {
    max: 16 * MiB,
    unit: "bytes of the findings of a report",
    beyond: "as above",
  },
  exchangeBytes: {
    max: 4 * MiB,
    unit: "bytes of the exchanges in a report",
    beyond: "the report leaves out the exchanges of further findings, those of the worst causes last",
  },
  shownBodyBytes: {
    max: 32 * 1024,
    unit: "bytes of a body in an exchange of a report",
    beyond: "the report has its beginning, the bytes around the fault, and its end",
  },
  modelIdLength: {
    max: 1000,
    unit: "characters of a listed model id",
    beyond: "the kit does not ask for the model",
  },
  transcriptBytes: {
    max: 1024 * MiB,
    unit: "bytes of a transcript",
    beyond: "the transcript ends after a complete exchange; the command says so and exits with 3",
  },
  unpackedBytes: {
    max: 1024 * MiB,
    unit: "bytes of a recording that is compressed with gzip, after decompression",
    beyond: "`check` judges what precedes, and exits with 3",
  },
  proxiedBytes: {
    max: 64 * MiB,
    unit: "bytes of a request that `proxy` passes on",
    beyond: "the proxy answers 413",
  },
  overrunMs: {
    max: 500,
    unit: "milliseconds of judging after `--max-time`",
    beyond: "the remaining responses are not judged",
  },
} as const satisfies Record<string, Limit>
