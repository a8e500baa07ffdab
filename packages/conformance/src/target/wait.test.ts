import type { Exchange } from "@nexhina/wire"
import { expect, test } from "vitest"
import { waitForTarget } from "./wait.ts"

const unanswered = (code: string): Exchange => ({
  v: 1,
  id: "1",
  request: { method: "GET", target: "https://h/v1/models", headers: [], body: new Uint8Array(), sentAtMs: 0 },
  end: { kind: "network", code, atMs: 1 },
  fidelity: { bytes: true, timing: true },
})

test.each(["DEPTH_ZERO_SELF_SIGNED_CERT", "UNABLE_TO_VERIFY_LEAF_SIGNATURE", "CERT_HAS_EXPIRED", "EPROTO"])(
  "%s is not waited for: the run reports it at once",
  async (code) => {
    let asked = 0
    const reasons: string[] = []
    const ask = async () => {
      asked++
      return unanswered(code)
    }
    await waitForTarget(ask, 60_000, { onWait: (reason) => void reasons.push(reason) })
    expect([asked, reasons]).toEqual([1, []])
  },
)

test("a target that accepts a request and does not answer is said to be waited for, once", async () => {
  const reasons: string[] = []
  let answer = () => {}
  const ask = () =>
    new Promise<Exchange>((resolve) => {
      answer = () => resolve(unanswered("CERT_HAS_EXPIRED"))
    })
  const onWait = (reason: string) => {
    reasons.push(reason)
    answer()
  }
  await waitForTarget(ask, 60_000, { onWait, noticeMs: 1 })
  expect(reasons).toEqual(["no response yet"])
})
