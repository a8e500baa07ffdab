import { once } from "node:events"
import { createServer, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import { createForwarder, type Exchange } from "@nexhina/wire"
import type { Command } from "commander"
import pc from "picocolors"
import { waivedIds } from "../baselines/apply.ts"
import { openBaseline } from "../baselines/settle.ts"
import {
  type CheckedRecording,
  type CheckWorld,
  concluded,
  createRecordedJudging,
  NothingRead,
} from "../check.ts"
import { shellWord } from "../engine/curl.ts"
import { limits } from "../limits.ts"
import type { CheckSettings } from "../options/check-options.ts"
import { parsedOptions, UsageError } from "../options/options.ts"
import { type ProxySettings, proxyOptions } from "../options/proxy-options.ts"
import type { ExitCode } from "../reports/exit-codes.ts"
import type { Finding } from "../reports/report.ts"
import { judged } from "./check.ts"
import { readConfig } from "./config-file.ts"
import { openForeignTranscript } from "./transcript-file.ts"

/** Adds the options of `proxy`. */
export function addProxyOptions(command: Command): void {
  for (const { flag, says } of Object.values(proxyOptions)) command.option(flag, says)
}

const colors = { fail: pc.red, warn: pc.yellow, info: pc.cyan, flaky: pc.yellow, waived: pc.dim } as const

// Control characters of a server never reach a terminal.
const printable = (text: string) => text.replace(/\p{Cc}/gu, "�")

function findingLine({ verdict, id, means, evidence }: Finding): string {
  const status = evidence.status === undefined ? "" : ` (${evidence.status})`
  return colors[verdict](printable(`${verdict}: ${id}${status}: ${means}`))
}

/** Carries out `proxy`, and returns its exit code. */
export async function proxyCommand({ config, ...flags }: Record<string, unknown>): Promise<ExitCode> {
  const settings = parsedOptions(proxyOptions, flags, typeof config === "string" ? readConfig(config) : {})
  const { target } = settings
  if (target === undefined) throw new UsageError("--target: name the server to pass requests on to")
  return await judged(settings, { sources: [] }, config, async (world) => {
    const transcript = openForeignTranscript(settings.transcript, world.startedAt)
    try {
      const checked = await proxied({ ...settings, target }, world, (exchange) => transcript?.add(exchange))
      return transcript?.problem === undefined ? checked : { problem: transcript.problem, ...checked }
    } finally {
      transcript?.close()
    }
  })
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      const why = error.code === "EADDRINUSE" ? "another program listens there" : error.message
      reject(new UsageError(`--port: cannot listen on ${host}:${port}: ${why}`))
    })
    server.listen(port, host, resolve)
  })
}

/** Passes requests on and judges them until it is interrupted. */
async function proxied(
  settings: ProxySettings & { readonly target: string },
  world: CheckWorld,
  onExchange: (exchange: Exchange) => void,
): Promise<CheckedRecording> {
  const { target, host, port, failFast } = settings
  const baseline = openBaseline(settings)
  const known = baseline && waivedIds(baseline, world.startedAt)
  const failed = new AbortController()
  const judging = createRecordedJudging(
    settings satisfies CheckSettings,
    `nexhina-conformance proxy --target ${shellWord(target)}`,
    world,
    (found) => {
      const finding: Finding = known?.has(found.id) ? { ...found, verdict: "waived" } : found
      process.stderr.write(`${findingLine(finding)}\n`)
      if (failFast && finding.verdict === "fail") failed.abort()
    },
  )
  const forwarder = createForwarder({
    upstream: target,
    maxRequestBytes: limits.proxiedBytes.max,
    code: "conformance_proxy",
    onEnd(exchange) {
      const { code, stage } = exchange.end
      // The client gets a 502, and whoever runs the proxy should know too.
      if (stage === "connect")
        process.stderr.write(`warning: cannot reach ${target}: ${code ?? "no answer"}\n`)
      onExchange(exchange)
      judging.other(exchange)
      world.onProgress?.(judging.exchanges)
    },
    onError: (message) => process.stderr.write(`warning: ${message}\n`),
  })
  const server = createServer((request, response) => forwarder.handle(request, response))
  await listen(server, host, port)
  const { port: bound } = server.address() as AddressInfo
  const shownHost = host.includes(":") ? `[${host}]` : host
  process.stderr.write(
    `proxy: http://${shownHost}:${bound}/v1 passes requests on to ${target}; Ctrl-C ends it\n`,
  )
  const ends = AbortSignal.any([failed.signal, ...(world.interrupt ? [world.interrupt] : [])])
  if (!ends.aborted) await once(ends, "abort")
  server.close()
  server.closeAllConnections()
  forwarder.close()
  if (judging.isEmpty) throw new NothingRead("no request came")
  const { interrupt: _, ...rest } = world
  return await concluded(judging, {
    settings,
    baseline,
    // To end it is what it is ended with.
    world: rest,
    names: [],
    notes: judging.notes,
    gap: undefined,
    lost: 0,
  })
}
