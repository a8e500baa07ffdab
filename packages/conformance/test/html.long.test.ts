import { existsSync } from "node:fs"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { delimiter, join } from "node:path"
import { pathToFileURL } from "node:url"
import { ShownExchange } from "@nexhina/viewer"
import axe from "axe-core"
import fc from "fast-check"
import { type Browser, chromium, type Page } from "playwright-core"
import { afterAll, afterEach, beforeAll, expect, test } from "vitest"
import { htmlReportOf } from "../src/reports/html.ts"
import type { Finding, Report } from "../src/reports/report.ts"
import { findingOf, reportOf, shownExchange } from "./report.ts"

let browser: Browser
/** One page for all tests: a new one takes longer than what is tested on it. */
let page: Page
let folder: string
let number = 0
/** What a page must not do: requests, errors, messages of the console, dialogs. */
const complaints: string[] = []

beforeAll(async () => {
  const folders = (process.env["PATH"] ?? "").split(delimiter)
  const executablePath = folders.map((each) => join(each, "chromium")).find((file) => existsSync(file))
  if (executablePath === undefined)
    throw new Error(
      "chromium is missing: run 'bash scripts/debian-package.sh chromium chromium' to install it",
    )
  browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] })
  folder = await mkdtemp(join(tmpdir(), "html-report-"))
  page = await browser.newPage()
  page.on("console", (message) => complaints.push(message.text()))
  page.on("pageerror", (error) => complaints.push(String(error)))
  page.on("dialog", (dialog) => complaints.push(dialog.message()))
  page.on("request", (request) => {
    if (request.url() !== urlOf(number)) complaints.push(request.url())
  })
})

afterAll(async () => {
  await browser?.close()
  if (folder) await rm(folder, { recursive: true })
})

afterEach(() => {
  expect(complaints.splice(0)).toEqual([])
})

const urlOf = (report: number) => pathToFileURL(join(folder, `${report}.html`)).href

/** Opens the page of some reports as a file. */
async function open(reports: readonly Report[], colorScheme: "light" | "dark" = "light", width = 1280) {
  number++
  await writeFile(join(folder, `${number}.html`), htmlReportOf(reports))
  await page.emulateMedia({ colorScheme })
  await page.setViewportSize({ width, height: 900 })
  await page.goto(urlOf(number))
}

const causes = () => page.locator(".cause:visible > summary .says")
const focused = () => page.evaluate<string>("document.activeElement.textContent")

test("the result comes first, and every cause is named and opens to its exchange", async () => {
  await open([reportOf([findingOf("sse.done-once"), findingOf("sse.grammar")])])
  expect(await page.locator("h1").allTextContents()).toEqual(["Not conformant"])
  expect(await causes().allTextContents()).toEqual(["MUST keep sse.done-once", "MUST keep sse.grammar"])
  expect(await page.locator(".exchange").count()).toBe(0)
  await causes().first().click()
  const chunks = page.locator(".cause").first().locator(".response .chunk")
  // The page writes them when the browser says that the cause is open, which is later.
  await chunks.first().waitFor()
  expect(await chunks.locator(".time").allTextContents()).toEqual(["2 ms", "5 ms", "6 ms"])
  expect(await chunks.locator("mark").allTextContents()).toEqual(["data: [DONE]\n\n"])
  expect(await page.locator("figcaption").allTextContents()).toEqual([
    "2 chunks, 28 bytes · first byte after 2 ms · longest pause 3 ms · end after 6 ms",
  ])
  expect(await page.locator(".timeline .fault").getAttribute("d")).toMatch(/^M[\d.]+ 40V[\d.]+$/)
})

test("a run without findings says so", async () => {
  await open([reportOf([])])
  expect(await page.locator("h1").textContent()).toBe("Conformant")
  expect(await page.locator(".empty").textContent()).toBe("Nothing was found that breaks a rule.")
  expect(await page.locator(".matrix tbody tr:visible code").allTextContents()).toEqual(["chat.passed"])
})

test("an incomplete run is not shown as one in which nothing is wrong", async () => {
  const reason = "cannot reach http://127.0.0.1:1/v1"
  await open([reportOf([], { outcome: "incomplete", conformant: null, reason, stopped: reason })])
  expect(await page.locator("h1").textContent()).toBe("Incomplete")
  expect(await page.locator(".result > p").allTextContents()).toEqual([
    "http://127.0.0.1:4010/v1 judged by the nexhina profile",
    `Incomplete: ${reason}.`,
  ])
  expect(await page.locator(".empty").textContent()).toBe("Nothing was found, but not everything was judged.")
})

test("a cause that a baseline waives comes last, with its reason", async () => {
  const waiver = { reason: "fixed in 2.4", owner: "team-gateway", expires: "2027-01-31" }
  const waived = findingOf("sse.done-once", { verdict: "waived", waiver })
  await open([reportOf([waived, findingOf("sse.grammar")])])
  expect(await causes().allTextContents()).toEqual(["MUST keep sse.grammar", "MUST keep sse.done-once"])
  await page.locator("details.cause").last().locator("> summary").click()
  expect(await page.locator("details.cause").last().locator("dl.facts").first().textContent()).toContain(
    "Waivedfixed in 2.4, team-gateway, until 2027-01-31",
  )
})

test("causes and rules are filtered by text, verdict, surface and target", async () => {
  const warning = findingOf("http.request-id", { verdict: "warn", severity: "SHOULD", surface: "http" })
  const reports = [reportOf([findingOf("sse.done-once"), warning]), reportOf([warning])]
  await open(reports)
  const rows = page.locator(".matrix tbody tr:not(.surface):visible th > code")
  const shown = async () => [await causes().allTextContents(), await rows.allTextContents()]
  const both = [
    ["MUST keep sse.done-once", "MUST keep http.request-id"],
    ["sse.done-once", "http.request-id"],
  ]
  const second = [["MUST keep http.request-id"], ["http.request-id"]]
  expect(await shown()).toEqual(both)
  const search = page.getByRole("searchbox")
  await search.fill("Request-ID")
  expect(await shown()).toEqual(second)
  await search.fill("nothing has this")
  expect(await page.locator(".empty").textContent()).toBe("No cause matches the filters.")
  await search.fill("")
  for (const [label, value] of [
    ["Verdict", "warn"],
    ["Surface", "http"],
  ] as const) {
    await page.getByLabel(label).selectOption(value)
    expect(await shown()).toEqual(second)
    await page.getByLabel(label).selectOption("")
  }
  await page.getByLabel("Target", { exact: true }).selectOption("1")
  expect((await shown())[0]).toEqual(second[0])
  await page.getByLabel("Target", { exact: true }).selectOption("")
  await page.getByLabel(/Also show/).check()
  expect((await shown())[1]).toEqual([...(both[1] ?? []), "chat.passed"])
})

test("a search looks at what is said of causes, then at their bodies, and at nothing that all have", async () => {
  const grammar = findingOf("sse.grammar", {
    exchanges: [shownExchange('data: {"object":"Zwölf Boxkämpfer"}\n\n')],
  })
  await open([reportOf([findingOf("sse.done-once"), grammar, findingOf("http.request-id")])])
  const search = page.getByRole("searchbox")
  const count = page.locator("#causes .count")
  for (const [text, found, says] of [
    ["HTTP", ["http.request-id"], "1 of 3"],
    ["127.0.0.1:4010", ["sse.done-once", "sse.grammar", "http.request-id"], "3"],
    // In all bodies, but it is what a cause is about.
    ["grammar", ["sse.grammar"], "1 of 3"],
    ["zwölf box", ["sse.grammar"], "1 of 3, by their bodies"],
    ['{"stream":true}', ["sse.done-once", "sse.grammar", "http.request-id"], "3, by their bodies"],
    ["HTTP/1.1", [], "0 of 3"],
    ["content-type", [], "0 of 3"],
  ] as const) {
    await search.fill(text)
    expect([text, await causes().allTextContents(), await count.textContent()]).toEqual([
      text,
      found.map((rule) => `MUST keep ${rule}`),
      says,
    ])
  }
})

test("the keyboard reaches everything", async () => {
  await open([reportOf([findingOf("sse.done-once"), findingOf("sse.grammar")])])
  await page.keyboard.press("Tab")
  expect(await focused()).toBe("Skip to the causes")
  await page.keyboard.press("Enter")
  for (const [key, cause] of [
    ["j", "sse.done-once"],
    ["j", "sse.grammar"],
    ["j", "sse.grammar"],
    ["ArrowUp", "sse.done-once"],
    ["ArrowDown", "sse.grammar"],
    ["k", "sse.done-once"],
  ] as const) {
    await page.keyboard.press(key)
    expect(await focused()).toContain(`MUST keep ${cause}`)
  }
  await page.keyboard.press("Enter")
  expect(await page.locator(".cause[open]").count()).toBe(1)
  await page.keyboard.press("/")
  await page.keyboard.type("grammar j")
  expect(await page.getByRole("searchbox").inputValue()).toBe("grammar j")
  await page.getByRole("searchbox").fill("grammar")
  await page.keyboard.press("Escape")
  expect(await focused()).toContain("MUST keep sse.grammar")
})

test("the theme is that of the system until it is chosen", async () => {
  await open([reportOf([])], "dark")
  const background = () => page.evaluate("getComputedStyle(document.body).backgroundColor")
  const dark = await background()
  await page.getByLabel("Theme").selectOption("light")
  const light = await background()
  await page.getByLabel("Theme").selectOption("dark")
  expect([dark, light, await background()]).toEqual(["rgb(20, 23, 28)", "rgb(255, 255, 255)", dark])
})

test.each([
  ["light", 1280],
  ["dark", 390],
] as const)("axe finds nothing wrong in the %s theme at %i pixels", async (colorScheme, width) => {
  const reports = [reportOf([findingOf("sse.done-once"), findingOf("sse.grammar")]), reportOf([])]
  await open(reports, colorScheme, width)
  // A cause is filled when it opens, with more to open.
  for (const _ of [1, 2]) {
    await page.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")
    await page.locator(".content").nth(1).waitFor()
  }
  await page.locator(".exchange").nth(1).waitFor()
  await page.evaluate(axe.source)
  const { violations } = await page.evaluate<{ violations: { id: string; nodes: { html: string }[] }[] }>(
    "axe.run()",
  )
  expect(violations.map(({ id, nodes }) => [id, nodes[0]?.html])).toEqual([])
})

test("several targets are columns of the matrix, and each cell leads to its cause", async () => {
  const faults = ["a", "b", "c"].map((name) => findingOf(`sse.${name}`))
  const reports = Array.from({ length: 6 }, (_, index) =>
    reportOf(faults.slice(0, index % 4), { target: `http://host-${index}/v1` }),
  )
  await open(reports, "light", 390)
  expect(await page.locator("h1").textContent()).toBe("4 of 6 targets are not conformant")
  const row = page.locator(".matrix tbody tr", { hasText: "sse.b" })
  const signs = await row.locator(".sign").allTextContents()
  expect(signs).toEqual(["✘", "✘"])
  await row.locator("a").first().click()
  expect(await page.locator(".cause[open] > summary .says").allTextContents()).toEqual(["MUST keep sse.b"])
  expect(await page.locator(".cause[open] .occurrence > summary").allTextContents()).toEqual([
    "3. host-2",
    "4. host-3",
  ])
  const width = await page.evaluate("document.documentElement.scrollWidth")
  expect(width).toBe(390)
})

const hostile = fc.string({
  unit: fc.oneof(
    fc.string({ unit: "binary", minLength: 1, maxLength: 1 }),
    fc.constantFrom(
      ...[
        "</script>",
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<!--",
        "]]>",
        "</style>",
      ],
      ...["\u2028", "\u202e", "\0", "\ud800", "'", '"', "&lt;", "`", "javascript:alert(1)", "{{1}}"],
    ),
  ),
  maxLength: 12,
})

/** Returns a finding in which a text and bytes of a server are everywhere that a server's can be. */
function hostileFinding(text: string, bytes: Uint8Array, index: number): Finding {
  const { response, ...exchange } = shownExchange(text)
  const body = {
    length: bytes.length,
    parts: [{ at: 0, text: Buffer.from(bytes).toString("base64"), base64: true }],
  }
  const broken = ShownExchange.parse({
    ...exchange,
    response: { ...response, headers: [["x-hostile", text]], body, chunks: [[1, bytes.length]] },
  })
  return findingOf(`sse.hostile-${index}`, {
    id: `sse.hostile-${index}:twice@${text}`,
    actual: text,
    where: text,
    requestId: text,
    see: [text],
    exchanges: [{ ...exchange, response: shownExchange(text).response }, broken],
  })
}

test("whatever a server sends is text: it runs nothing, asks for nothing and hides nothing", async () => {
  const replies = fc.array(fc.tuple(hostile, fc.uint8Array()), { minLength: 30, maxLength: 40 })
  await fc.assert(
    fc.asyncProperty(replies, hostile, async (sent, text) => {
      const findings = sent.map(([each, bytes], index) => hostileFinding(each, bytes, index))
      const report = reportOf(findings, { models: { chat: text }, target: text, stopped: text })
      await open([report])
      await page.evaluate("for (const cause of document.querySelectorAll('.cause')) cause.open = true")
      await page
        .locator(".exchange")
        .nth(2 * sent.length - 1)
        .waitFor({ state: "attached" })
      expect(
        await page.evaluate("JSON.parse(document.querySelector('#data').textContent).targets[0].target"),
      ).toBe(JSON.parse(JSON.stringify(text)))
      expect(await page.locator("script, style, img, iframe, [onerror], [href^=javascript]").count()).toBe(3)
      expect(await page.evaluate("document.querySelector('#app').textContent")).not.toMatch(
        /[^\P{Cc}\t\n]|[\p{Bidi_Control}\p{Surrogate}\u2028\u2029]/u,
      )
      expect(complaints).toEqual([])
    }),
    { numRuns: 3 },
  )
})

test("a page has at most 5 MB, says what it leaves out, and keeps an exchange of each cause before others", async () => {
  const findings = Array.from({ length: 1000 }, (_, index) =>
    findingOf(`sse.rule-${index}`, { exchanges: [shownExchange("<".repeat(4000))] }),
  )
  const report = reportOf(findings, { omitted: 7 })
  expect(Buffer.byteLength(htmlReportOf([report, report]))).toBeLessThanOrEqual(5_000_000)
  await open([report, report])
  expect(await causes().count()).toBe(1000)
  const note = await page.locator("#causes > .note").textContent()
  expect(note).toMatch(
    /^This page is limited in size. It leaves out the exchanges of [\d,]+ findings and 14 /,
  )
})
