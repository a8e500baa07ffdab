import spinner from "yocto-spinner"
import type { Progress } from "../target/sampler.ts"
import { isUtf8 } from "./report-output.ts"

const plainSpinner = { frames: ["-", "\\", "|", "/"], interval: 100 }

/** How far a run is. */
interface ProgressLine {
  update(progress: Progress): void
  /** Says that the target is waited for and why, for this many seconds at most. */
  wait(reason: string, seconds: number): void
  stop(): void
}

/** Shows how far a run is, on standard error: a line that moves on a terminal, otherwise one line per phase. */
export function progressLine(): ProgressLine {
  const waiting = (reason: string, seconds: number) =>
    `waiting until the target is ready (${reason}), for ${seconds} s at most`
  const text = ({ phase, done, planned, sent }: Progress) =>
    `${phase}: ${done} of ${planned} samples, ${sent} requests`
  if (process.stderr.isTTY) {
    const line = spinner({ text: "starting", ...(!isUtf8 && { spinner: plainSpinner }) }).start()
    return {
      update(progress) {
        line.text = text(progress)
      },
      wait(reason, seconds) {
        line.text = waiting(reason, seconds)
      },
      stop: () => void line.stop(),
    }
  }
  let phase = "learning"
  return {
    update(progress) {
      if (progress.phase !== phase) process.stderr.write(`${text(progress)}\n`)
      phase = progress.phase
    },
    wait: (reason, seconds) => void process.stderr.write(`${waiting(reason, seconds)}\n`),
    stop() {},
  }
}
