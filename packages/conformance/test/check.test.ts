import { startMock } from "@nexhina/mock/node"
import type { ProfileName } from "@nexhina/schemas"
import { bodyOf, createWriter, type Exchange, headerOf, readTranscript, toHar } from "@nexhina/wire"
import { beforeAll, describe, expect, test } from "vitest"
import { defects } from "../../defects/src/index.ts"
import { type CheckedRecording, check, NothingRead } from "../src/check.ts"
import { lackText } from "../src/evidence.ts"
import { transcriptRecorder } from "../src/inputs/transcript.ts"
import { checkSettingsOf } from "../src/options/check-options.ts"
import { settingsOf, UsageError } from "../src/options/options.ts"
import { badgeReport } from "../src/reports/badge.ts"
import { outcomeText } from "../src/reports/outcome-text.ts"
import { exitCodeOf, type Report } from "../src/reports/report.ts"
import { rules as allRules } from "../src/rules/rules.ts"
import { run } from "../src/run.ts"
import { exchangeOf } from "./exchange.ts"

const apiKey = "sk-check-test-key"

interface Recorded {
  readonly lines: readonly string[]
  readonly report: Report
}

/** Runs the kit against a mock with defects, and records the run. */
async function recorded(
  profile: ProfileName,
  ids: readonly string[],
  flags: Record<string, unknown>,
): Promise<Recorded> {
  await using server = await startMock({
    profile,
    keys: [apiKey],
    strictModels: true,
    callTools: true,
    alterations: defects.filter(({ id }) => ids.includes(id)),
    always: ids.map((id) => ({ id, rate: 1 })),
  })
  const lines: string[] = []
  const recorder = transcriptRecorder((line) => lines.push(line), [apiKey])
  const settings = settingsOf({ baseUrl: server.baseURL, apiKey, profile, include: ["all"], ...flags })
  const report = await run(settings, recorder)
  return { lines, report }
}

const utf8 = new TextEncoder()

/** Returns a file with this text. */
const fileOf = (text: string, name: string) => ({
  name,
  async *bytes() {
    // Cut anywhere, as a file is read.
    const bytes = utf8.encode(text)
    for (let at = 0; at < bytes.length; at += 1013) yield bytes.subarray(at, at + 1013)
  },
})

const world = { startedAt: new Date(0), elapsed: () => 0 }

const checkedText = (text: string, name: string): Promise<CheckedRecording> =>
  check(checkSettingsOf({}), [fileOf(text, name)], world)

const textOf = (lines: readonly string[]) => lines.map((line) => `${line}\n`).join("")

function checkedLines(
  lines: readonly string[],
  flags: Record<string, unknown> = {},
): Promise<CheckedRecording> {
  return check(checkSettingsOf(flags), [fileOf(textOf(lines), "run.ndjson")], world)
}

const include = ["chat", "models", "embeddings"]

const some = { include: ["chat"], rule: ["err.*", "stream.*", "chat.id-unique"] }

/** Returns the first defect of each rule. */
const defectsOf = (rules: readonly string[]): string[] =>
  rules.flatMap((rule) => defects.find(({ breaks }) => breaks === rule)?.id ?? [])

/** What `check` must say as the run did: everything but the commands that show a finding again. */
const comparable = ({ recording: _, ...report }: Report) => ({
  ...report,
  findings: report.findings.map(({ curl: _, ...finding }) => finding),
})

describe("check of the transcript of a run is the verdict of the run, rule by rule", () => {
  test.each<[string, ProfileName, readonly string[], Record<string, unknown>]>([
    ["of a conforming server", "nexhina", [], { quick: true }],
    ["of a conforming server", "openai", [], { quick: true, include }],
    [
      "with defects",
      "nexhina",
      defectsOf(["chat.id-unique", "stream.created", "err.envelope"]),
      { runs: 2, ...some },
    ],
    ["with defects", "openai", defectsOf(["auth.key-not-echoed", "emb.order"]), { quick: true, include }],
  ])("%s (%s, %j)", async (_, profile, ids, flags) => {
    const { lines, report } = await recorded(profile, ids, flags)
    expect(report.summary.fail > 0).toBe(ids.length > 0)
    const checked = await checkedLines(lines)
    expect(comparable(checked.report)).toEqual(comparable(report))
    expect(checked.exitCode).toBe(exitCodeOf(report, false))
  })
})

/** What the kit and no other program writes. */
const isOfKit = (line: string) => /^\{"fact":"(?:intent|sample|run|facts|run-end)"/.test(line)

const verdictsOf = ({ report }: CheckedRecording) => new Map(report.rules.map((each) => [each.id, each]))

async function exchangesIn(lines: readonly string[]): Promise<Exchange[]> {
  const exchanges: Exchange[] = []
  for await (const exchange of readTranscript(lines)) exchanges.push(exchange)
  return exchanges
}

/** Returns exchanges as an archive of another tool: without what only ours has. */
function archiveOf(exchanges: readonly Exchange[]): string {
  const dated = exchanges.map((exchange) => ({ exchange, startedAt: new Date(0) }))
  const har = toHar(dated, { name: "a browser", version: "1" })
  const entries = har.log.entries.map(({ _nexhina: _, ...entry }) => entry)
  return JSON.stringify({ log: { ...har.log, entries } }, null, 1)
}

/** Returns the lines of a run as those of a later run. */
const ranAgain = (lines: readonly string[]) =>
  lines.map((line) => line.replace(/^(\{"fact":"run",.*?"startedAt":")[^"]*/, "$12026-12-01T00:00:00.000Z"))

describe("traffic of other clients", () => {
  let plain: Recorded
  let broken: Recorded
  beforeAll(async () => {
    plain = await recorded("nexhina", [], { quick: true, include })
    broken = await recorded("nexhina", defectsOf(["emb.order", "chat.schema"]), { quick: true, include })
  })

  test("of a conforming server has no finding; what needs intent or the kit's own requests is not-run with the reason", async () => {
    const checked = await checkedLines(plain.lines.filter((line) => !isOfKit(line)))
    expect([checked.exitCode, checked.report.findings, checked.report.outcome]).toEqual([0, [], "conformant"])
    const rules = verdictsOf(checked)
    expect(rules.get("http.answers")).toMatchObject({
      verdict: "not-run",
      reason: lackText.fault,
    })
    expect(rules.get("chat.schema")).toMatchObject({ verdict: "pass" })
    const unexplained = checked.report.rules.filter(({ verdict, reason }) => verdict === "not-run" && !reason)
    expect(unexplained).toEqual([])
    expect(checked.report.rules.filter(({ verdict }) => verdict === "inconclusive")).toEqual([])
  })

  test("in an HTTP Archive is judged entry by entry, without framing and timing", async () => {
    const exchanges = await exchangesIn(plain.lines)
    const text = archiveOf(exchanges)
    const checked = await checkedText(text, "a.har")
    expect([checked.exitCode, checked.report.findings, checked.report.recording?.lost]).toEqual([0, [], 0])
    expect(verdictsOf(checked).get("sse.grammar")).toMatchObject({ verdict: "not-run" })
    expect(verdictsOf(checked).get("chat.schema")).toMatchObject({ verdict: "pass" })
  })

  test("with a defect has the findings of the run, also in an HTTP Archive", async () => {
    const found = ({ report }: Pick<CheckedRecording, "report">) => report.causes.map(({ id }) => id).sort()
    const run = found({ report: broken.report }).filter((id) => /^(?:emb|chat)/.test(id))
    expect(run.length).toBeGreaterThan(1)
    const ofLines = await checkedLines(broken.lines.filter((line) => !isOfKit(line)))
    expect([ofLines.exitCode, found(ofLines)]).toEqual([1, expect.arrayContaining(run)])
    const ofArchive = await checkedText(archiveOf(await exchangesIn(broken.lines)), "b.har")
    expect([ofArchive.exitCode, found(ofArchive)]).toEqual([1, expect.arrayContaining(run)])
  })

  test("on surfaces that are left out is not judged: the rest gives what it gives alone", async () => {
    const settings = checkSettingsOf({ include: ["embeddings"] })
    const exchanges = await exchangesIn(broken.lines)
    const judgedOf = async (given: readonly Exchange[]) =>
      (await check(settings, [fileOf(archiveOf(given), "a.har")], world)).report
    const all = await judgedOf(exchanges)
    const ofEmbeddings = exchanges.filter(({ request }) => request.target.endsWith("/embeddings"))
    const alone = await judgedOf(ofEmbeddings)
    expect(all.findings.length).toBeGreaterThan(0)
    expect(all.recording?.notes).toContainEqual(
      expect.stringMatching(/^not judged: \d+ exchanges on surfaces that --include leaves out$/),
    )
    const notes = alone.recording?.notes ?? []
    expect({ ...all, recording: { ...all.recording, notes } }).toEqual(alone)
  })

  test("on surfaces that are left out is not judged: a stream that was saved, too", async () => {
    const [stream] = (await exchangesIn(plain.lines)).filter(({ response }) =>
      headerOf(response?.headers ?? [], "content-type")?.startsWith("text/event-stream"),
    )
    const saved = fileOf(new TextDecoder().decode(stream && bodyOf(stream)), "reply.sse")
    const { report, exitCode } = await check(checkSettingsOf({ include: ["embeddings"] }), [saved], world)
    expect([exitCode, report.recording?.exchanges, report.recording?.notes]).toEqual([
      3,
      0,
      ["not judged: 1 exchange on surfaces that --include leaves out"],
    ])
  })

  test("never has a finding that depends on a request of which nothing is known: the body of a stream", async () => {
    const streams = (await exchangesIn(plain.lines)).filter(({ response }) =>
      headerOf(response?.headers ?? [], "content-type")?.startsWith("text/event-stream"),
    )
    expect(streams.length).toBeGreaterThan(1)
    const files = streams.map((each, nth) => fileOf(new TextDecoder().decode(bodyOf(each)), `${nth}.sse`))
    const { report, exitCode } = await check(checkSettingsOf({}), files, world)
    expect([exitCode, report.findings]).toEqual([0, []])
    const passed = report.rules.filter(({ verdict }) => verdict === "pass").map(({ id }) => id)
    expect(passed).toContain("sse.grammar")
    const ofHeadOrEnd = allRules.filter(({ needs = [] }) => needs.includes("head") || needs.includes("end"))
    expect(ofHeadOrEnd.map(({ id }) => id)).toEqual(
      expect.arrayContaining(["sse.content-type", "sse.terminates"]),
    )
    expect(ofHeadOrEnd.filter(({ id }) => passed.includes(id))).toEqual([])
    expect(report.rules.filter(({ reason }) => reason === lackText.request).length).toBeGreaterThan(0)
  })

  test("shows no key of a request that was recorded with it", async () => {
    const exchanges = await exchangesIn(broken.lines)
    const text = archiveOf(exchanges).replaceAll("*".repeat(apiKey.length), apiKey)
    expect(text).toContain(apiKey)
    const { report } = await checkedText(text, "keys.har")
    expect(report.findings.length).toBeGreaterThan(0)
    expect(JSON.stringify(report)).not.toContain(apiKey)
  })

  test.each([
    ["in the address", { target: "http://127.0.0.1/v1/models?api_key=kept-elsewhere" }],
    ["in a cookie", { headers: [["cookie", "session=kept-elsewhere"]] as const }],
    ["to a path that is not of the API", { target: "http://127.0.0.1/login?api_key=kept-elsewhere" }],
  ])("shows no secret that an earlier request had %s and a later response repeats", async (_, had) => {
    const [first, ...others] = await exchangesIn(broken.lines)
    if (first === undefined) throw new Error("nothing was recorded")
    const asked = { ...first, request: { ...first.request, ...had } }
    // The mock repeats what a chat says.
    const text = archiveOf([asked, ...others]).replaceAll("Say hello.", "kept-elsewhere")
    expect(text).toContain('You said: \\\\\\"kept-elsewhere')
    // Of the request that had it, also one that is left out.
    for (const include of [undefined, ["chat"]]) {
      const settings = checkSettingsOf(include ? { include } : {})
      const { report } = await check(settings, [fileOf(text, "secrets.har")], world)
      expect(report.findings.length).toBeGreaterThan(0)
      expect(JSON.stringify(report)).not.toContain("kept-elsewhere")
    }
  })

  describe("in a damaged file", () => {
    test("without a single exchange cannot be judged", async () => {
      for (const [name, text, says] of [
        ["empty.ndjson", "", "empty.ndjson is empty"],
        ["note.txt", "hello\n", "note.txt:1: not a transcript (NDJSON), an HTTP Archive or an event stream"],
        ["note.ndjson", "hello\n", "note.ndjson:1: the last line is not JSON, as if it was cut off"],
        ["no.har", '{"log":{}}', "no.har:1: not an HTTP Archive: it has no log.entries."],
        [
          "standard input",
          "PK\u0003\u0004 and more",
          "standard input is a ZIP file; a bundle can only be read from a file: check FILE",
        ],
        ["other.sse", "data: {}\n\n", "other.sse:1: no event of it is of a chat completion or a response"],
      ] as const)
        await expect(checkedText(text, name)).rejects.toThrow(new NothingRead(says))
    })

    test("that is one JSON value, such as a reply that was not streamed, is called that", async () => {
      const reply = { id: "c", object: "chat.completion", choices: [], usage: "x".repeat(5000) }
      const says =
        "is one JSON value, which is neither a transcript, an HTTP Archive nor an event stream: record the whole exchange, with 'nexhina-conformance proxy' or as an HTTP Archive"
      for (const [value, indent] of [
        [reply, 0],
        [reply, 2],
        [[reply], 2],
      ] as const)
        await expect(checkedText(`${JSON.stringify(value, null, indent)}\n`, "reply.sse")).rejects.toThrow(
          new NothingRead(`reply.sse ${says}`),
        )
      // Several are not one, and a line of a transcript is none.
      for (const [text, says] of [
        [
          "{}\n{}\n",
          'reply.sse:1: not a line of a transcript: it is not a JSON object with a "fact", such as "request".',
        ],
        ['{"fact":"x"}\n', "reply.sse: no exchange"],
      ] as const)
        await expect(checkedText(text, "reply.sse")).rejects.toThrow(new NothingRead(says))
    })

    test("is judged as far as it can be read, the rest is counted, and the check is incomplete", async () => {
      const lines = plain.lines.filter((line) => !isOfKit(line))
      const chunk = lines.findIndex((line) => line.startsWith('{"fact":"chunk"'))
      const damaged = lines.map((line, at) => (at === chunk ? line.slice(0, 40) : line))
      const { report, exitCode } = await checkedLines(damaged)
      expect([exitCode, report.findings, report.outcome]).toEqual([3, [], "incomplete"])
      expect(report.recording).toMatchObject({
        lost: 1,
        notes: expect.arrayContaining([
          expect.stringContaining(`run.ndjson:${chunk + 1}: not JSON`),
          "lost: 1 exchange",
        ]),
      })
    })

    test("wherever a transcript is cut, the last exchange is missing and nothing is found", async () => {
      const text = textOf(plain.lines.filter((line) => !isOfKit(line)))
      const first = text.indexOf('"fact":"end"') + 200
      for (const share of [0.3, 0.6, 0.9]) {
        const cut = text.slice(0, first + Math.round(share * (text.length - first)))
        const { report, exitCode } = await checkedText(cut, "cut.ndjson")
        expect([exitCode, report.findings, report.recording?.lost]).toEqual([0, [], 0])
      }
    })

    const isEnd = (line: string) => line.startsWith('{"fact":"end"')
    const begins = (line: string) => line.startsWith('{"v":1,"fact":"request"')

    test.each<[string, (lines: readonly string[]) => string[]]>([
      ["of other clients, in the middle", (lines) => lines.filter((line) => !isOfKit(line))],
      ["of a run, in the middle", (lines) => [...lines]],
    ])("an exchange %s, that lost its end, is lost and not the last one", async (_, choose) => {
      const lines = choose(plain.lines)
      const end = lines.findIndex(isEnd)
      const { report, exitCode } = await checkedLines(lines.toSpliced(end, 1))
      const says = `run.ndjson:${lines.findIndex(begins) + 1}: exchange "1" has no end`
      expect([exitCode, report.outcome]).toEqual([3, "incomplete"])
      expect(report.reason).toContain(says)
      expect(report.recording).toMatchObject({
        lost: 1,
        notes: expect.arrayContaining([`not read: ${says}`, "lost: 1 exchange"]),
      })
    })

    test("the last exchange of a run is lost, too, when the run went on without its end", async () => {
      const [end, begin] = [plain.lines.findLastIndex(isEnd), plain.lines.findLastIndex(begins)]
      const { report, exitCode } = await checkedLines(plain.lines.toSpliced(end, 1))
      expect([exitCode, report.recording?.lost]).toEqual([3, 1])
      expect(report.reason).toMatch(`run.ndjson:${begin + 1}: exchange "`)
    })

    test("exchanges of a run that are not there at all are counted by its end", async () => {
      const { requests } = plain.report
      const isOf = (ids: readonly string[]) => (line: string) => ids.includes(JSON.parse(line).id)
      const left = plain.lines.filter((line) => !isOf(["2", "5"])(line))
      const { report, exitCode } = await checkedLines(left)
      const says = `run.ndjson:${left.length}: the run sent ${requests} requests, but the file has the exchanges of ${requests - 2}`
      expect([exitCode, report.outcome, report.reason]).toEqual([
        3,
        "incomplete",
        `2 exchanges could not be read (${says})`,
      ])
      expect(report.recording).toMatchObject({
        lost: 2,
        notes: expect.arrayContaining([`not read: ${says}`, "lost: 2 exchanges"]),
      })
      // What is said of a line is not said again.
      const end = left.findIndex(isEnd)
      const both = await checkedLines(left.toSpliced(end, 1))
      expect(both.report.recording?.lost).toBe(3)
      const twice = await checkedLines([...plain.lines, ...ranAgain(plain.lines)])
      expect([twice.exitCode, twice.report.recording?.lost]).toEqual([0, 0])
    })

    test("a run that has counted fewer requests than it has exchanges was changed, and is not complete", async () => {
      const { requests } = plain.report
      const changed = plain.lines.map((line) =>
        line.startsWith('{"fact":"run-end"')
          ? line.replace(`"requests":${requests},`, '"requests":3,')
          : line,
      )
      const { report, exitCode } = await checkedLines(changed)
      const says = `run.ndjson:${changed.length}: the run sent 3 requests, but the file has the exchanges of ${requests}: it was changed after the run`
      expect([exitCode, report.outcome, report.reason]).toEqual([
        3,
        "incomplete",
        `the recording is not complete (${says})`,
      ])
      expect(report.recording).toMatchObject({
        lost: 0,
        notes: expect.arrayContaining([`not read: ${says}`]),
      })
    })

    test("a run that has lost its beginning is a loss, so that nothing passes for want of it", async () => {
      const { report, exitCode } = await checkedLines(plain.lines.slice(1))
      const intent = plain.lines.findIndex((line) => JSON.parse(line).fact === "intent")
      const says = `run.ndjson:${intent}: the recorded run has no beginning: its line "run" is missing`
      expect([exitCode, report.outcome]).toEqual([3, "incomplete"])
      expect(report.recording?.notes).toContain(`not read: ${says}`)
    })

    test("an archive is cut or has a broken entry", async () => {
      const text = archiveOf(await exchangesIn(plain.lines))
      const cut = await checkedText(text.slice(0, -500), "cut.har")
      expect([cut.exitCode, cut.report.findings]).toEqual([0, []])
      const line = text.slice(0, text.indexOf('"startedDateTime"')).split("\n").length - 1
      const broken = await checkedText(text.replace('"startedDateTime"', '"startedAt"'), "broken.har")
      expect([broken.exitCode, broken.report.findings, broken.report.recording?.lost]).toEqual([3, [], 1])
      expect(broken.report.recording?.notes[0]).toContain(
        `not read: broken.har:${line}: /log/entries/0 is not an entry`,
      )
    })
  })
})

/** A stream of which nothing else was kept. */
const chatStream =
  'data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[]}\n\ndata: [DONE]\n\n'

test("a run that is given twice is refused, in one file or two; two runs of one target are not", async () => {
  const { lines } = await recorded("nexhina", [], { quick: true, include: ["models"] })
  const checkedFiles = (...files: (readonly string[])[]) =>
    check(
      checkSettingsOf({}),
      files.map((each, nth) => fileOf(textOf(each), `${nth}.ndjson`)),
      world,
    )
  await expect(checkedFiles(lines, lines)).rejects.toThrow(
    new UsageError(
      "'0.ndjson' and '1.ndjson' have the same run: its exchanges would count twice; give one of them",
    ),
  )
  await expect(checkedFiles([...lines, ...lines])).rejects.toThrow(
    new UsageError("'0.ndjson' has the same run twice: its exchanges would count twice; keep one"),
  )
  const [{ report: one }, { report: both }] = [
    await checkedFiles(lines),
    await checkedFiles(lines, ranAgain(lines)),
  ]
  expect(both.recording?.exchanges).toBeGreaterThan(one.recording?.exchanges ?? 0)
})

describe("the transcript of a run together with traffic of other clients", () => {
  let plain: Recorded
  let archive: string
  let server: string
  beforeAll(async () => {
    plain = await recorded("nexhina", [], { quick: true, include: ["chat", "models"] })
    archive = archiveOf(await exchangesIn(plain.lines))
    server = plain.report.target.replace(/\/v1$/, "")
  })

  const checkedBoth = (lines: readonly string[], other: string, isRunFirst = true) => {
    const files = [fileOf(textOf(lines), "run.ndjson"), fileOf(other, "client.har")]
    return check(checkSettingsOf({}), isRunFirst ? files : files.toReversed(), world)
  }

  test.each(["https://other.example", "http://127.0.0.1:1", "http://127.0.0.1:1/gateway"])(
    "of another server (%s) is refused: the verdict would accuse the target of the run",
    async (other) => {
      const elsewhere = archive.replaceAll(server, other)
      const says = `a recorded run and a recorded client asked different targets (${server}/v1 and ${other}/v1): check each by itself, and compare their JSON reports with merge`
      for (const isRunFirst of [true, false])
        await expect(checkedBoth(plain.lines, elsewhere, isRunFirst)).rejects.toThrow(new UsageError(says))
    },
  )

  test("of the same server, or of one that is not known, is judged", async () => {
    const { exitCode: alone } = await checkedLines(plain.lines)
    const sameName = server.replace("127.0.0.1", "LOCALHOST")
    const withUser = server.replace("://", "://user:word@")
    for (const same of [server, sameName, withUser]) {
      const { exitCode, report } = await checkedBoth(plain.lines, archive.replaceAll(server, same))
      expect([same, exitCode, report.target]).toEqual([same, alone, `${server}/v1`])
    }
    const embedded = plain.lines.map((line, at) => (at === 0 ? line.replace("{", '{"embedded":true,') : line))
    await checkedBoth(embedded, archive.replaceAll(server, "https://other.example"))
    await checkedBoth(plain.lines, chatStream)
    // Ids of models may have slashes.
    const asked = (await exchangesIn(plain.lines))
      .filter(({ request }) => request.method === "GET")
      .slice(0, 1)
    const renamed = asked.map((each) => ({
      ...each,
      request: { ...each.request, target: `${server}/v1/models/accounts/a/models/m` },
    }))
    expect(renamed.length).toBe(1)
    await checkedBoth(plain.lines, archiveOf(renamed))
  })
})

test("traffic of other clients is judged by the set of requirements that --requirements names", async () => {
  const checkedOn = async (requirements?: string) => {
    const { report } = await check(checkSettingsOf({ requirements }), [fileOf(chatStream, "one.sse")], {
      ...world,
      startedAt: new Date("2026-12-31T00:00:00Z"),
    })
    return report.requirements
  }
  expect([await checkedOn(), await checkedOn("2026-12")]).toEqual([undefined, "2026-11"])
  await expect(checkedOn("2026-10")).rejects.toThrow("there was no set of requirements in '2026-10'")
  await expect(checkedOn("2027-01")).rejects.toThrow("'2027-01' is in the future")
})

/** Returns the transcript of requests of another client for chat completions. */
function chatLines(facts: readonly Omit<Parameters<typeof exchangeOf>[0], "operation">[]): string[] {
  const lines: string[] = []
  const writer = createWriter({ write: (line) => lines.push(line), secrets: [] })
  for (const [nth, each] of facts.entries()) {
    const exchange = exchangeOf({ ...each, operation: "createChatCompletion" })
    const target = "https://gw.example/v1/chat/completions"
    writer.exchange({ ...exchange, id: String(nth), request: { ...exchange.request, target } })
  }
  return lines
}

describe("what a model chose to say", () => {
  const request = {
    model: "m",
    messages: [{ role: "user", content: "What is the weather in Paris?" }],
    tools: [{ type: "function", function: { name: "weather", parameters: { type: "object" } } }],
    tool_choice: "required",
  }
  const message = { role: "assistant", content: "Sunny.", refusal: null }
  const call = { id: "call_1", type: "function", function: { name: "weather", arguments: "{}" } }
  const replyOf = (nth: number, isCall: boolean) => ({
    id: `chatcmpl-${nth}`,
    object: "chat.completion",
    created: 1713833628,
    model: "m",
    choices: [
      isCall
        ? {
            index: 0,
            message: { ...message, content: null, tool_calls: [call] },
            finish_reason: "tool_calls",
          }
        : { index: 0, message, finish_reason: "stop" },
    ],
    usage: { prompt_tokens: 9, completion_tokens: 2, total_tokens: 11 },
  })

  /** Checks the replies to requests that require a call: whether each has one. */
  async function checkedCalls(hasCall: readonly boolean[]) {
    const lines = chatLines(hasCall.map((isCall, nth) => ({ request, body: replyOf(nth, isCall) })))
    const { report, exitCode } = await checkedLines(lines)
    const found = report.findings.filter(({ rule }) => rule === "tool.choice-required")
    return { exitCode, found: found.map(({ verdict }) => verdict), outcome: outcomeText(report) }
  }

  const doubt = "1 MUST finding is flaky: generated content broke a rule, and that was not confirmed."

  test.each([
    ["once", [false]],
    ["in one of two replies", [false, true]],
    ["in two of three replies", [false, false, true]],
  ])("is flaky when it breaks a rule %s, and the verdict says so", async (_, hasCall) => {
    expect(await checkedCalls(hasCall)).toEqual({
      exitCode: 0,
      found: ["flaky"],
      outcome: `No MUST finding is confirmed, but not every applicable MUST rule was judged. ${doubt}`,
    })
  })

  test("is flaky when both choices of one reply break it, and the other reply does not", async () => {
    const { choices, ...others } = replyOf(0, false)
    const both = { ...others, choices: [0, 1].map((index) => ({ ...choices[0], index })) }
    const given = { ...request, n: 2 }
    const lines = chatLines([
      { request: given, body: both },
      { request, body: replyOf(1, true) },
    ])
    const { report } = await checkedLines(lines)
    const [found] = report.findings.filter(({ rule }) => rule === "tool.choice-required")
    expect([found?.verdict, found?.times]).toEqual(["flaky", 2])
    expect(JSON.parse(badgeReport.write(report, { color: false }))).toMatchObject({
      message: "partly checked, 1 flaky MUST finding",
      color: "orange",
    })
  })

  test("fails when it breaks the rule in each of several replies", async () => {
    expect(await checkedCalls([false, false])).toMatchObject({ exitCode: 1, found: ["fail"] })
  })
})

test("a recording of which nothing can be judged is incomplete in every report", async () => {
  const lines = chatLines([{ request: {}, body: {}, end: { kind: "aborted" } }])
  const { report, exitCode } = await checkedLines(lines)
  expect([exitCode, report.outcome, report.reason]).toEqual([
    3,
    "incomplete",
    "no recorded exchange could be judged",
  ])
})

test("a surface that is required and was not asked for makes the evidence incomplete", async () => {
  const lines = chatLines([{ request: {}, status: 400, body: {} }])
  const outcomes = ["chat", "images"].map(async (require) => {
    const { report } = await checkedLines(lines, { require: [require] })
    return report.reason
  })
  expect(await Promise.all(outcomes)).toEqual([
    expect.not.stringContaining("the recording has no request"),
    "the recording has no request to images",
  ])
})
