import { type ChildProcess, execFile, spawn } from "node:child_process"
import { fileURLToPath } from "node:url"
import { onTestFinished } from "vitest"

/** The built command. */
export const bin = fileURLToPath(new URL("../bin/nexhina-mock.js", import.meta.url))

/** Where a command runs. Default: the folder of the tests. */
interface Place {
  readonly cwd?: string
}

/** What a command printed, and its exit code. */
export interface CommandOutcome {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs the command to its end. */
export function command(args: readonly string[], { cwd }: Place = {}): Promise<CommandOutcome> {
  return new Promise((resolve) => {
    execFile(process.execPath, [bin, ...args], { cwd }, (error, stdout, stderr) =>
      resolve({ code: typeof error?.code === "number" ? error.code : 0, stdout, stderr }),
    )
  })
}

/** A command that serves. */
export interface ServingCommand {
  readonly baseURL: string
  readonly child: ChildProcess
  /** Returns what it has printed so far. */
  printed(): string
  /** Resolves when it has printed a text after the texts that were waited for before. */
  until(text: string): Promise<void>
  /** Resolves with its exit code. */
  readonly exited: Promise<number | null>
}

/** Starts the command on a free port, and resolves once it says that it listens. It ends with the test. */
export async function startCommand(args: readonly string[], { cwd }: Place = {}): Promise<ServingCommand> {
  // A CI runner counts as a terminal with colours, unless it is told otherwise.
  const env = { ...process.env, NO_COLOR: "1" }
  const child = spawn(process.execPath, [bin, "--port", "0", ...args], { cwd, env })
  onTestFinished(() => {
    child.kill("SIGKILL")
  })
  let printed = ""
  let seen = 0
  let check = () => {}
  const read = (chunk: Buffer) => {
    printed += chunk.toString()
    check()
  }
  child.stdout.on("data", read)
  child.stderr.on("data", read)
  const exited = new Promise<number | null>((resolve) => child.once("exit", resolve))
  const untilTrue = (isPrinted: () => boolean) =>
    new Promise<void>((resolve, reject) => {
      check = () => {
        if (isPrinted()) resolve()
      }
      exited.then((code) => reject(new Error(`It ended with ${code}: ${printed}`)))
      check()
    })
  const until = (text: string) =>
    untilTrue(() => {
      const at = printed.indexOf(text, seen)
      if (at !== -1) seen = at + text.length
      return at !== -1
    })
  const listens = /(?:"listening":"| at )(http:\/\/[^\s"]+\/v1)/
  await untilTrue(() => listens.test(printed))
  const [, baseURL = ""] = listens.exec(printed) ?? []
  return { baseURL, child, printed: () => printed, until, exited }
}
