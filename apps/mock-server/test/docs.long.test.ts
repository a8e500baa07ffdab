import { execFile } from "node:child_process"
import { readFileSync } from "node:fs"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { createMock } from "@nexhina/mock"
import { startMock } from "@nexhina/mock/node"
import { afterAll, beforeAll, expect, test } from "vitest"
import { againstDocument } from "../../../packages/mock/test/against-document.ts"
import { catalogue } from "../src/catalogue.ts"

const root = new URL("../../../", import.meta.url)
const packages = ["schemas", "stream", "wire", "viewer", "mock", "defects", "conformance"].map(
  (name) => `packages/${name}`,
)
const pages = [
  "README.md",
  "docs/mock.md",
  "docs/mock-timing.md",
  "docs/run.md",
  "docs/testing.md",
  ...[...packages, "apps/mock-server"].map((folder) => `${folder}/README.md`),
]

interface Block {
  readonly page: string
  readonly language: string
  readonly code: string
}

const blocks: Block[] = pages.flatMap((page) =>
  [...readFileSync(new URL(page, root), "utf8").matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(
    ([, language = "", code = ""]) => ({ page, language, code }),
  ),
)

const server = await startMock({ mock: againstDocument(createMock({ alterations: catalogue })) })
const address = new URL(server.url).host
/** Where the examples put the files that they make. */
let folder = ""

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "docs-"))
})

afterAll(async () => {
  await rm(folder, { recursive: true })
  await server.close()
})

/** The packages that the examples import are those of this app. */
const app = fileURLToPath(new URL("..", import.meta.url))

function runs(command: string, args: readonly string[], cwd: string): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(command, args, { cwd }, (error, stdout, stderr) =>
      error ? reject(new Error(stderr || error.message)) : resolve(stdout),
    )
  })
}

const kit = fileURLToPath(new URL("packages/conformance/bin/nexhina-conformance.js", root))

test("the first command of README.md prints the summary that README.md shows", async () => {
  const [shown] = blocks.filter(({ page, language }) => page === "README.md" && language === "text")
  if (!shown) throw new Error("README.md shows no output")
  expect(await runs(process.execPath, [kit, "run"], folder)).toContain(`\n${shown.code}`)
})

const named = (block: Block): [string, Block] => [
  `${block.page}: ${block.code.split("\n")[0]?.slice(0, 70)}`,
  block,
]
const here = ({ code }: Block) => code.replaceAll("127.0.0.1:4010", address)

test.each(blocks.filter(({ code }) => code.startsWith("curl")).map(named))("%s", async (_, block) => {
  const printed = await runs("bash", ["--norc", "-ec", here(block)], folder)
  expect(printed.trim()).not.toBe("")
  expect(printed).not.toMatch(/^\{"error":/)
})

test.each(blocks.filter(({ language }) => language === "js").map(named))("%s", async (_, block) => {
  const printed = await runs(process.execPath, ["--input-type=module", "-e", here(block)], app)
  expect(printed.trim()).not.toBe("")
})

test("every shell command that is shown is run here or is a command of the repository", () => {
  const { scripts } = JSON.parse(readFileSync(new URL("package.json", root), "utf8")) as { scripts: object }
  const commands = blocks.filter(({ language, code }) => language === "sh" && !code.startsWith("curl"))
  const lines = commands
    .flatMap(({ code }) => code.trim().split("\n"))
    .filter((line) => !line.startsWith("export "))
  expect(
    lines.filter(
      (line) =>
        // scripts/tarballs.sh installs the packages and runs their commands.
        !/^npm install (-D )?(@nexhina\/[\w-]+|zod)|^npx nexhina-(mock|conformance)/.test(line) &&
        !Object.keys(scripts).some((name) => line.startsWith(`npx -y pnpm@10.34.8 ${name}`)),
    ),
  ).toEqual([])
})
