import { execFile, spawn } from "node:child_process"
import { once } from "node:events"
import { closeSync, existsSync, openSync, readdirSync } from "node:fs"
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises"
import { createServer as createHttpServer, request as httpRequest } from "node:http"
import { type AddressInfo, createServer, type Socket } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { startMock } from "@nexhina/mock/node"
import { readTranscript } from "@nexhina/wire"
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest"
import { main } from "../src/main.ts"
import { Report } from "../src/reports/report.ts"
import { command } from "./command.ts"

const bin = fileURLToPath(new URL("../bin/nexhina-conformance.js", import.meta.url))
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "conformance-"))
})

afterAll(() => rm(folder, { recursive: true }))

interface Outcome {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

function cli(args: readonly string[], env: Record<string, string> = {}): Promise<Outcome> {
  const { NEXHINA_API_KEY: _, ...rest } = process.env
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [bin, ...args],
      { env: { ...rest, NO_COLOR: "1", ...env }, maxBuffer: 1 << 26 },
      (error, stdout, stderr) =>
        resolve({ code: typeof error?.code === "number" ? error.code : 0, stdout, stderr }),
    )
  })
}

/** Carries out a command line in this process: loading the kit takes most of the time of one that fails at once. */
async function here(args: readonly string[]): Promise<Pick<Outcome, "code" | "stderr">> {
  vi.stubEnv("NEXHINA_API_KEY", undefined)
  let stderr = ""
  const write = vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    stderr += text
    return true
  })
  try {
    return { code: await main(args), stderr }
  } finally {
    write.mockRestore()
    vi.unstubAllEnvs()
  }
}

/** A server that says the same to everyone, or nothing. */
async function rawServer(answer: (socket: Socket) => void): Promise<{ baseUrl: string; close(): void }> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on("error", () => {})
    socket.once("close", () => sockets.delete(socket))
    socket.on("data", () => answer(socket))
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  return {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    close() {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}

async function checked(
  answer: (socket: Socket) => void,
  ...args: string[]
): Promise<Outcome & { report: Report }> {
  const server = await rawServer(answer)
  const file = join(folder, `${new URL(server.baseUrl).port}.json`)
  try {
    const outcome = await cli([
      "run",
      "--base-url",
      server.baseUrl,
      "--timeout",
      "0.3",
      "--report",
      `json=${file}`,
      ...args,
    ])
    return { ...outcome, report: Report.parse(JSON.parse(await readFile(file, "utf8"))) }
  } finally {
    server.close()
  }
}

const faults = (report: Report) => report.findings.map(({ rule, fault }) => `${rule}:${fault}`)

test("--help of each command shows its options and exits 0", async () => {
  const [program, run] = await Promise.all([cli(["--help"]), cli(["run", "--help"])])
  expect([program.code, run.code]).toEqual([0, 0])
  expect(program.stdout).toContain("Exit codes:")
  expect(run.stdout).toMatch(/--base-url <url>.*--max-requests <n>/s)
})

test.each([
  [["run", "--sed", "3"], /unknown option '--sed'/],
  [["run", "--seed", "x"], /^error: --seed: .*got "x"\n$/],
  [["run", "--rule", "nope"], /^error: no rule matches 'nope'/],
  [["rules", "nope"], /^error: no rule matches 'nope'/],
  [["run", "--config", "absent.yaml"], /^error: --config: cannot read 'absent.yaml'/],
  [["run", "--ca-cert", "absent.pem"], /^error: --ca-cert: cannot read 'absent.pem'/],
  [["run", "--ca-cert", import.meta.filename], /^error: --ca-cert: '.*' does not contain a certificate/],
  [["run", "--transcript", "absent/x.ndjson"], /^error: --transcript: cannot write 'absent\/x.ndjson'/],
  [["run", "--base-url", "127.0.0.1:80/v1"], /^error: --base-url: Expected an http or https URL/],
  [["run", "--base-url", ""], /^error: --base-url: Expected an http or https URL/],
  [["run", "--base-url", "http://"], /^error: --base-url: Expected an http or https URL/],
  [["run", "--base-url", "http://exa mple/"], /^error: --base-url: Expected an http or https URL/],
  [
    ["run", "--base-url", "http://user:PASS@127.0.0.1:99999/v1?key=PASS"],
    /^error: --base-url: (?!.*PASS)[^\n]*\n$/,
  ],
  [["run", "--api-key", "PASS\n"], /^error: --api-key: Expected a key (?!.*PASS)[^\n]*\n$/],
  [["run", "--api-key", "PASSé"], /^error: --api-key: Expected a key (?!.*PASS)[^\n]*\n$/],
  [["run", "--header", "Bad Name: PASS"], /^error: --header: Expected 'Name: value'(?!.*PASS)[^\n]*\n$/],
  [["run", "--header", "X-Name: PASS\nX: y"], /^error: --header: Expected 'Name: value'(?!.*PASS)[^\n]*\n$/],
  [
    ["run", "--report", "json=absent/x", "--report", "junit=./absent/x"],
    /^error: --report json and --report junit both write '.\/absent\/x': name different files\n$/,
  ],
  [
    ["run", "--report", "json=absent/x", "--transcript", "absent/x"],
    /^error: --report json and --transcript both write 'absent\/x': name different files\n$/,
  ],
  [
    ["check", import.meta.filename, "--report", `json=${import.meta.filename}`],
    /^error: --report json would replace '[^']*cli\.test\.ts', which is read: name another file\n$/,
  ],
  [
    ["check", import.meta.filename, import.meta.filename],
    /^error: '[^']*cli\.test\.ts' is given twice: its exchanges would count twice\n$/,
  ],
  [
    ["run", "--report", "json", "--report", "console"],
    /^error: --report json and console would both be printed: name a file for one, as in --report console=FILE\n$/,
  ],
  ...["Content-Length: 3", "transfer-encoding: chunked", "Expect: 100-continue", "Upgrade: h2c"].map(
    (header): [string[], RegExp] => [
      ["run", "--header", header],
      /^error: --header: Expected a header other than content-length, [^\n]*\n$/,
    ],
  ),
  [
    ["run", "--header", "Authorization: Bearer PASS", "--api-key", "sk-PASS"],
    /^error: --header: an Authorization header and an API key (?!.*PASS)[^\n]*\n$/,
  ],
  [
    ["run", "--rule", "images.*", "--include", "chat"],
    /^error: --rule selects only rules of surfaces [^\n]*; add --include images\n$/,
  ],
  [["run", "--report", "constructor"], /^error: --report: Expected one of [^\n]*\n$/],
  [["run", "--report", "json=absent/x.json"], /^error: --report: cannot write 'absent\/x.json[^\n]*\n$/],
  [["run", "--runs", "x"], /^error: --runs: expected a number, got "x"\n$/],
  [["run", "--concurrency", "1.5"], /^error: --concurrency: expected a whole number, got "1\.5"\n$/],
  [["run", "--max-requests", "-1"], /^error: --max-requests: expected at least 1, got "-1"\n$/],
  [["run", "--timeout", "0"], /^error: --timeout: expected more than 0, got "0"\n$/],
  [
    ["run", "--report", "json=absent/a.json"],
    /^error: --report: cannot write 'absent\/a\.json': its folder does not exist\n$/,
  ],
  [
    ["run", "--bundle", "absent/a.zip"],
    /^error: --bundle: cannot write 'absent\/a\.zip': its folder does not exist\n$/,
  ],
  [["run", "--report", "json=/"], /^error: --report: cannot write '\/': it is a folder\n$/],
  [["check", "absent.har"], /^error: cannot read 'absent\.har': the file does not exist\n$/],
  [
    ["check", "--report", "json", "absent.har"],
    /^error: cannot read 'absent\.har': the file does not exist\n$/,
  ],
  [
    ["explain", "xyzzy"],
    /^error: no rule, cause, finding, word of a report or name that an option takes is called 'xyzzy'\. 'nexhina-con[^\n]*\n$/,
  ],
  [["run", "--timeout", "99999999"], /^error: --timeout: [^\n]*604800[^\n]*\n$/],
  [["run", "--max-time", "99999999"], /^error: --max-time: [^\n]*604800[^\n]*\n$/],
  [["run", "--wait", "99999999"], /^error: --wait: [^\n]*604800[^\n]*\n$/],
  [["run", "--runs", "1e9"], /^error: --runs: [^\n]*1000[^\n]*\n$/],
  [["run", "--trait", "azur"], /^error: --trait: expected azure[^\n]*, got "azur"\n$/],
  [["merge", "package.json", "absent"], /^error: cannot read 'absent': the file does not exist\n$/],
  [["walk"], /unknown command 'walk'/],
])("%j exits 2 and names what is wrong", async (args, message) => {
  expect(await here(args)).toEqual({ code: 2, stderr: expect.stringMatching(message) })
})

test.each([[["run", "--sed", "3"]], [["run", "--seed", "x"]]])("%j does so as a program", async (args) => {
  const { code, stdout, stderr } = await cli(args)
  expect({ code, stdout, stderr }).toEqual({ ...(await here(args)), stdout: "" })
})

test("a port that nobody listens on exits 3 with one line", async () => {
  const { code, stdout, stderr } = await cli(["run", "--base-url", "http://127.0.0.1:1/v1"])
  expect({ code, stdout, stderr }).toEqual({
    code: 3,
    stdout: "",
    stderr: "error: cannot reach http://127.0.0.1:1/v1: ECONNREFUSED\n",
  })
})

test("an unreachable target leaves reports that say so, and an earlier report is not lost before", async () => {
  const json = join(folder, "unreachable.json")
  const junit = join(folder, "unreachable.xml")
  await writeFile(json, "an earlier report")
  const reports = ["--report", `json=${json}`, "--report", `junit=${junit}`]
  const { code, stderr } = await cli(["run", "--base-url", "http://127.0.0.1:1/v1", ...reports])
  expect({ code, stderr }).toEqual({
    code: 3,
    stderr: "error: cannot reach http://127.0.0.1:1/v1: ECONNREFUSED\n",
  })
  expect(Report.parse(JSON.parse(await readFile(json, "utf8")))).toMatchObject({
    outcome: "incomplete",
    reason: "cannot reach http://127.0.0.1:1/v1: ECONNREFUSED",
    conformant: null,
    answered: [],
  })
  expect(await readFile(junit, "utf8")).toContain(
    "Incomplete: cannot reach http://127.0.0.1:1/v1: ECONNREFUSED.",
  )

  await writeFile(json, "an earlier report")
  await cli(["run", "--report", `json=${json}`, "--report", "junit=absent/x.xml"])
  expect(await readFile(json, "utf8")).toBe("an earlier report")
  expect((await readdir(folder)).filter((name) => name.endsWith(".tmp"))).toEqual([])
})

test("a report that cannot be written is one line, after the others", async () => {
  const { code, stdout, stderr } = await cli([
    ...["run", "--quick", "--include", "models", "--report", "json=/dev/full", "--report", "console"],
    ...["--transcript", "/dev/full"],
  ])
  expect(code).toBe(3)
  expect(stdout).toContain("http://127.0.0.1")
  expect(stderr).toMatch(/^error: --report: cannot write '\/dev\/full': no space left on device$/m)
  expect(stderr).toMatch(/^error: --transcript: cannot write '\/dev\/full': no space left on device$/m)
})

test.skipIf(!existsSync("/dev/full")).each([
  [["run", "--quick", "--include", "models"], 3],
  [["run", "--dry-run"], 2],
  [["rules"], 2],
  [["explain", "sse.done-once"], 2],
])("%j says in one line that standard output cannot be written, and exits %i (D3)", async (args, code) => {
  const full = openSync("/dev/full", "w")
  const child = spawn(process.execPath, [bin, ...args], { stdio: ["ignore", full, "pipe"] })
  closeSync(full)
  let stderr = ""
  child.stderr?.on("data", (data) => {
    stderr += data
  })
  expect(await once(child, "close")).toEqual([code, null])
  expect(stderr.match(/^error: .*$/gm)).toEqual([
    "error: cannot write to standard output: no space left on device",
  ])
  expect(stderr).not.toMatch(/^\s+at /m)
  if (code === 3) expect(stderr).toMatch(/^No MUST rule was broken/m)
})

test("an empty NEXHINA_API_KEY counts as no key, with a warning", async () => {
  const { code, stderr } = await cli(["run", "--rule", "models.*"], { NEXHINA_API_KEY: "" })
  expect(code).toBe(0)
  expect(stderr).toMatch(/^warning: NEXHINA_API_KEY is set but empty/)
})

test("a base URL without /v1 is named as the reason", async () => {
  await using server = await startMock()
  const { code, stdout } = await cli(["run", "--base-url", server.url, "--api-key", "sk-test"])
  expect(code).toBe(3)
  expect(stdout).toContain("Incomplete: every request was answered 404: does the base URL lack /v1?")
})

test("a web site in the place of the API is named as the reason", async () => {
  const server = createHttpServer((request, response) => {
    request.resume()
    response.writeHead(200, { "content-type": "text/html" }).end("<!doctype html><title>Welcome</title>")
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const { port } = server.address() as AddressInfo
  const target = ["--base-url", `http://127.0.0.1:${port}`, "--api-key", "sk-test"]
  const { code, stdout } = await cli(["run", ...target, "--quick"])
  server.close()
  expect(code).toBe(1)
  expect(stdout.replace(/\s+/g, " ")).toContain(
    "Incomplete: every request was answered with a web page: does the base URL lack /v1?",
  )
})

test.each([
  [(url: string) => `https://other.example${url}`, "https://other.example/v1"],
  [(url: string) => `/api${url}`, "http://127.0.0.1:PORT/api/v1"],
])("a target that redirects every request is told with the address to use", async (to, base) => {
  const server = createHttpServer((request, response) => {
    request.resume()
    response.writeHead(request.method === "GET" ? 301 : 308, { location: to(request.url ?? "") }).end()
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const { port } = server.address() as AddressInfo
  try {
    const { code, stdout } = await cli(["run", "--quick", "--base-url", `http://127.0.0.1:${port}/v1`])
    expect(code).toBe(3)
    expect(stdout.replace(/\s+/g, " ")).toContain(
      `which the kit does not follow: is ${base.replace("PORT", String(port))} the base URL?`,
    )
  } finally {
    server.close()
  }
})

test("an address of a plain HTTP server with https: is told as that", async () => {
  await using server = await startMock()
  const { code, stderr } = await here(["run", "--base-url", `${server.url.replace("http:", "https:")}/v1`])
  expect(code).toBe(3)
  expect(stderr).toMatch(
    /^error: cannot reach .*: EPROTO \(it does not answer as a TLS server; if it speaks plain HTTP, use http:\/\/\)$/m,
  )
})

test("a budget that leaves MUST rules unjudged makes a run incomplete", async () => {
  const { code, stdout } = await cli(["run", "--max-requests", "4"])
  expect(code).toBe(3)
  expect(stdout).toMatch(/^Incomplete: \d+ of \d+ MUST rules could not be judged/m)
})

test("the embedded mock, quickly: conformant or not judged, and no key in any output", async () => {
  const transcript = join(folder, "run.ndjson")
  const { code, stdout, stderr } = await cli(["run", "--quick", "--transcript", transcript])
  expect({ code, stderr }).toEqual({ code: 0, stderr: expect.any(String) })
  expect(stdout).toContain("No MUST rule was broken")
  for (const text of [stdout, stderr, await readFile(transcript, "utf8")])
    expect(text).not.toContain("sk-embedded-mock")
})

test.each(["nexhina", "openai"] as const)(
  "a mock with its defaults is green with any key, and stderr has the verdict when no report is printed: %s (D24, D25)",
  async (profile) => {
    await using server = await startMock({ profile })
    const target = ["--base-url", server.baseURL, "--api-key", "ollama", "--profile", profile]
    const report = join(folder, `defaults-${profile}.json`)
    const { code, stdout, stderr } = await cli(["run", "--quick", ...target, "--report", `json=${report}`])
    expect({ code, stdout }).toEqual({ code: 0, stdout: "" })
    expect(stderr).toMatch(/^No MUST rule was broken/m)
    const { findings } = Report.parse(JSON.parse(await readFile(report, "utf8")))
    // It serves every model.
    expect(findings.map(({ severity, rule }) => `${severity} ${rule}`)).toEqual([
      "SHOULD err.unknown-model-refused",
    ])
  },
)

test("a transcript holds every exchange of its run, one fact a line", async () => {
  const [transcript, file] = [join(folder, "lines.ndjson"), join(folder, "lines.json")]
  await cli(["run", "--quick", "--transcript", transcript, "--report", `json=${file}`])
  const { requests } = Report.parse(JSON.parse(await readFile(file, "utf8")))
  const lines = (await readFile(transcript, "utf8")).split("\n")
  expect(lines.pop()).toBe("")
  const exchanges = []
  for await (const exchange of readTranscript(lines)) exchanges.push(exchange)
  expect(exchanges).toHaveLength(requests)
})

test("a dry run counts what a run would send, and sends nothing", async () => {
  const { code, stdout } = await cli([
    "run",
    "--dry-run",
    "--include",
    "models,embeddings",
    "--base-url",
    "http://127.0.0.1:1/v1",
  ])
  expect(code).toBe(0)
  expect(stdout).toMatch(/^surface\s+rules\s+fixed requests\s+generated requests\n/)
  expect(stdout).toMatch(/^models\s+\d+\s+\d+\s+\d+$/m)
  expect(stdout).toMatch(/^embeddings\s+\d+\s+\d+\s+[1-9]\d*$/m)
  expect(stdout).not.toMatch(/^(moderations|images)/m)
  expect(stdout).toMatch(/About \d+ requests.* Nothing was sent\.\n$/)
})

test("a configuration file gives options by their names", async () => {
  const config = join(folder, "kit.yaml")
  await writeFile(config, "quick: true\nrule: [models.*]\nreport: [json]\nprofile: openai\n")
  const { code, stdout } = await cli(["run", "--config", config])
  const report = Report.parse(JSON.parse(stdout))
  expect(code).toBe(0)
  expect(report.profile).toBe("openai")
  expect(report.rules.every(({ id }) => id.startsWith("models."))).toBe(true)
})

test("a configuration file that cannot be parsed is one line, without what it says", async () => {
  const config = join(folder, "broken.yaml")
  for (const text of ['apiKey: "sk-SECRET123\n', "apiKey: sk-SECRET123\napiKey: x\n"]) {
    await writeFile(config, text)
    const { code, stderr } = await here(["run", "--config", config])
    expect(code).toBe(2)
    expect(stderr.trim().split("\n")).toHaveLength(1)
    expect(stderr).not.toContain("SECRET")
  }
})

test("rules that leave nothing to check exit 2", async () => {
  const { code, stderr } = await here(["run", "--quick", "--skip", "*"])
  expect([code, stderr]).toEqual([2, "error: --rule and --skip leave no rule to check\n"])
})

test("a server that refuses the key exits 2 and says what to do", async () => {
  const body =
    '{"error":{"message":"Incorrect API key provided","type":"invalid_request_error","code":"invalid_api_key"}}'
  const server = await rawServer((socket) =>
    socket.write(
      `HTTP/1.1 401 Unauthorized\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    ),
  )
  try {
    const { code, stdout, stderr } = await cli([
      "run",
      "--base-url",
      server.baseUrl,
      "--api-key",
      "sk-not-theirs",
    ])
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" })
    expect(stderr).toMatch(/^error: .* refuses the API key/m)
    expect(stderr).not.toContain("sk-not-theirs")
  } finally {
    server.close()
  }
})

test("--version is that of the package", async () => {
  const manifest = JSON.parse(await readFile(new URL("../package.json", import.meta.url), "utf8")) as {
    version: string
  }
  expect((await cli(["--version"])).stdout).toBe(`${manifest.version}\n`)
})

test("rules lists every rule or those that match within 80 columns, and one of them whole", async () => {
  const [all, one, some, json] = await Promise.all([
    cli(["rules"], { LC_ALL: "C" }),
    cli(["rules", "sse.done-once"]),
    cli(["rules", "sse.*"]),
    cli(["rules", "--json"]),
  ])
  const idsIn = (text: string) => text.match(/^[a-z]+\.[\w-]+/gm)
  const ids = (JSON.parse(json.stdout) as { id: string }[]).map(({ id }) => id)
  expect(idsIn(all.stdout)).toEqual(ids)
  expect(idsIn(some.stdout)).toEqual(ids.filter((id) => id.startsWith("sse.")))
  expect(Math.max(...all.stdout.split("\n").map((line) => line.length))).toBeLessThanOrEqual(80)
  expect(all.stdout).toMatch(/^[\0-\x7f]*$/)
  expect(one.stdout).toMatch(/sse\.done-once\nMUST .*source .*faults/s)
})

// Side by side: they wait.
describe.concurrent("a run that waits", () => {
  test("a target that dies during a run is incomplete, and the reports say when it answered last", async () => {
    const server = await startMock({ strictModels: true })
    const file = join(folder, "dying.json")
    let answered = 0
    const proxy = createHttpServer((request, response) => {
      if (++answered > 60) {
        proxy.close()
        proxy.closeAllConnections()
        return
      }
      const { method, headers } = request
      const forwarded = httpRequest(server.url + request.url, { method, headers }, (reply) => {
        response.writeHead(reply.statusCode ?? 500, reply.headers)
        reply.pipe(response)
      })
      request.pipe(forwarded)
    }).listen(0, "127.0.0.1")
    await once(proxy, "listening")
    const baseUrl = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}/v1`
    const { stderr } = await cli([
      "run",
      "--base-url",
      baseUrl,
      "--api-key",
      "sk-test",
      "--report",
      `json=${file}`,
    ])
    await server.close()
    const report = Report.parse(JSON.parse(await readFile(file, "utf8")))
    expect(report.reason).toMatch(
      /^the target stopped answering after request \d+ \(which it answered \d{3}\)$/,
    )
    expect(report.outcome).not.toBe("conformant")
    expect(report.conformant).not.toBe(true)
    expect(report.requests).toBeLessThan(100)
    expect(stderr).toContain(report.reason)
  })

  test("SIGINT ends a run with its reports and 3", async () => {
    await using server = await startMock()
    const file = join(folder, "interrupted.json")
    const { NEXHINA_API_KEY: _, ...env } = process.env
    const args = ["run", "--base-url", server.baseURL, "--api-key", "sk-test", "--rate", "20"]
    const child = spawn(process.execPath, [bin, ...args, "--report", `json=${file}`], { env })
    let stderr = ""
    child.stderr.on("data", (data) => {
      stderr += data
      if (stderr.includes("probing") && child.signalCode === null && !child.killed) child.kill("SIGINT")
    })
    const [code] = await once(child, "exit")
    const report = Report.parse(JSON.parse(await readFile(file, "utf8")))
    expect(code).toBe(3)
    expect(report).toMatchObject({ outcome: "incomplete", reason: "the run was interrupted by SIGINT" })
    // No report is printed, so that the verdict is (D24).
    expect(stderr).toMatch(/^Incomplete: the run was interrupted by SIGINT/m)
    // The last progress counts what was sent, not what was planned.
    const [, done, planned] = /^judging: (\d+) of (\d+) samples/m.exec(stderr) ?? []
    expect(Number(done)).toBeLessThan(Number(planned))
  })

  test("a second signal ends the process, and no unfinished file is left", async () => {
    await using server = await startMock()
    const files = await mkdtemp(join(folder, "killed-"))
    const { NEXHINA_API_KEY: _, ...env } = process.env
    const args = ["run", "--base-url", server.baseURL, "--api-key", "sk-test", "--rate", "20"]
    const outputs = ["--bundle", "b.zip", "--report", "json=r.json", "--report", "html=r.html"]
    const child = spawn(process.execPath, [bin, ...args, ...outputs], { env, cwd: files })
    const isUnfinished = (name: string) => name.includes(".tmp")
    let during: readonly string[] = []
    let isKilled = false
    child.stderr.on("data", (data) => {
      if (isKilled || !String(data).includes("probing")) return
      isKilled = true
      during = readdirSync(files)
      // Two signals, because one that is sent twice at once may arrive once.
      child.kill("SIGINT")
      child.kill("SIGTERM")
    })
    const [code] = await once(child, "exit")
    expect([130, 143]).toContain(code)
    expect(during.filter(isUnfinished)).toHaveLength(4)
    // The reports may have been whole before.
    expect(readdirSync(files).filter(isUnfinished)).toEqual([])
  })

  test("a file that cannot be written leaves nothing of the others", async () => {
    const files = await mkdtemp(join(folder, "refused-"))
    const args = ["run", "--bundle", "b.zip", "--report", "html=r.html", "--report", "json=nowhere/r.json"]
    expect(await command(args, { cwd: files })).toMatchObject({ code: 2 })
    expect(readdirSync(files)).toEqual([])
  })

  test("a server that accepts and says nothing is a finding, and the run incomplete", async () => {
    const { code, report } = await checked(() => {})
    expect(code).toBe(3)
    expect(faults(report)).toContain("http.answers:silent")
    expect(report.stopped).toMatch(/^the first \d requests were never answered$/)
  })

  test("the deadline ends requests that a server never answers (D5)", async () => {
    const list = '{"object":"list","data":[{"id":"gpt-4o","object":"model","created":1,"owned_by":"x"}]}'
    const { code, report } = await checked(
      (socket) => {
        // Only the list of models is answered, once on each connection.
        if (socket.bytesWritten > 0 || socket.bytesRead > 400) return
        socket.write(
          `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${list.length}\r\n\r\n${list}`,
        )
      },
      ...["--timeout", "600000", "--max-time", "2"],
    )
    expect(code).toBe(3)
    expect(report.reason).toMatch(/the time of 2 s was used up/)
  })

  test("a server that answers HTML everywhere is a finding", async () => {
    const page = "<html>It works!</html>"
    const answer = (socket: Socket) =>
      socket.end(
        `HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: ${page.length}\r\n\r\n${page}`,
      )
    const { code, report } = await checked(answer, "--quick")
    expect(code).toBe(1)
    expect(report.findings.find(({ rule }) => rule === "http.json-content-type")?.actual).toContain(
      "text/html",
    )
  })

  test("a server that streams for ever is a finding, and costs a few timeouts only", async () => {
    const { code, report } = await checked((socket) => {
      socket.write("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
      const timer = setInterval(() => socket.write('d\r\ndata: {"a":1}\r\n'), 5)
      socket.once("close", () => clearInterval(timer))
    })
    expect(code).toBe(1)
    expect(report.requests).toBeLessThan(40)
  })

  test("a report that is longer than a pipe is deep waits for its reader, and comes whole", async () => {
    const slowly = `"${process.execPath}" "${bin}" run --quick --report json | (sleep 2; cat)`
    const output = await new Promise<string>((resolve) => {
      execFile("sh", ["-c", slowly], { maxBuffer: 1 << 26 }, (_, stdout) => resolve(stdout))
    })
    expect(output.length).toBeGreaterThan(2 ** 16)
    expect(Report.parse(JSON.parse(output)).rules.length).toBeGreaterThan(200)
  })
})
