import spinner from "yocto-spinner"
import type { Progress } from "../target/sampler.ts"
import { isUtf8 } from "./report-output.ts"

const plainSpinner = { frames: ["-", "\\", "|", "/"], interval: 100 }

/** Shows how far a run is, on standard error: a line that moves on a terminal, a line a phase elsewhere. */
export function progressLine(): { update(progress: Progress): void; stop(): void } {
  const text = ({ phase, done, planned, sent }: Progress) =>
    `${phase}: ${done} of ${planned} samples, ${sent} requests`
  if (process.stderr.isTTY) {
    const line = spinner({ text: "starting", ...(!isUtf8 && { spinner: plainSpinner }) }).start()
    return {
      update(progress) {
        line.text = text(progress)
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
    stop() {},
  }
}
