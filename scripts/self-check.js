import { spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtemp, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"

/*
 * Checks the mock under each profile with the kit, both as their commands, by self-check.yaml. The mock shows for a
 * share of the requests what no request can bring about: that it is busy, and that it takes its time. Over both
 * profiles every rule has to be judged, and none may find anything.
 */

const profiles = ["nexhina", "openai"]
const apiKey = "sk-self-check"
const shown = ["paced@0.25", "err-quota@0.1", "err-edge-object@0.1"]

/** Starts the mock; resolves with the process and its base URL once it listens. */
async function startMock(profile) {
  const variants = shown.flatMap((variant) => ["--variant", variant])
  const args = [
    "--port",
    "0",
    "--profile",
    profile,
    "--api-key",
    apiKey,
    "--model",
    "acme/large",
    "--strict-models",
    "--call-tools",
    // Quotas that are never used up, so that replies state them.
    "--rpm",
    "1000000",
    "--tpm",
    "1000000000",
    "--log",
    "json",
  ]
  const mock = spawn("nexhina-mock", [...args, ...variants], { stdio: ["ignore", "pipe", "inherit"] })
  const lines = createInterface({ input: mock.stdout })
  const [first] = await once(lines, "line")
  lines.resume()
  return { mock, baseUrl: JSON.parse(first).listening }
}

async function check(profile, folder) {
  const { mock, baseUrl } = await startMock(profile)
  const file = join(folder, `${profile}.json`)
  try {
    const args = ["run", "--config", "self-check.yaml", "--profile", profile, "--base-url", baseUrl]
    const kit = spawn("nexhina-conformance", [...args, "--report", "console", "--report", `json=${file}`], {
      stdio: "inherit",
      env: { ...process.env, NEXHINA_API_KEY: apiKey },
    })
    const [code] = await once(kit, "exit")
    if (code !== 0) throw new Error(`the kit ended with ${code} under ${profile}`)
    return JSON.parse(await readFile(file, "utf8"))
  } finally {
    mock.kill()
    await once(mock, "exit")
  }
}

const folder = await mkdtemp(join(tmpdir(), "self-check-"))
try {
  const reports = []
  for (const profile of profiles) reports.push(await check(profile, folder))
  const verdicts = new Map()
  for (const { id, verdict } of reports.flatMap(({ rules }) => rules)) {
    verdicts.set(id, [...(verdicts.get(id) ?? []), verdict])
  }
  const amiss = [...verdicts].filter(
    ([, each]) =>
      !each.includes("pass") || each.some((verdict) => !["pass", "not-applicable"].includes(verdict)),
  )
  for (const [id, each] of amiss) console.error(`${id}: ${each.join(" and ")}`)
  const seconds = reports.reduce((sum, { durationMs }) => sum + durationMs, 0) / 1000
  const requests = reports.reduce((sum, report) => sum + report.requests, 0)
  const conformant = reports.every((report) => report.conformant === true)
  console.log(
    `Self-check: ${verdicts.size - amiss.length} of ${verdicts.size} rules judged and passing over ${profiles.join(" and ")}, ` +
      `${conformant ? "conformant" : "not conformant"}, ${requests} requests, ${seconds.toFixed(1)} s`,
  )
  process.exitCode = conformant && amiss.length === 0 ? 0 : 1
} finally {
  await rm(folder, { recursive: true })
}
