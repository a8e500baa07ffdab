import { expect, test } from "vitest"
import { check } from "./scoreboard.ts"

test.each([
  ["chat.stop-exact", "sampled-text", "inconclusive"],
  ["emb.batch-invariant", "emb-never-the-same", "inconclusive"],
  ["err.status-independent-of-stream", "err-servers-take-turns", "inconclusive"],
  ["models.retrieve-equal", "models-created-now", "pass"],
])(
  "%s accuses no target that answers the same request differently each time (%s)",
  async (id, variant, is) => {
    const report = await check("nexhina", variant, {
      probes: () => false,
      samples: (rule) => (rule.id === id ? 5 : 0),
    })
    expect(report.findings.filter(({ rule }) => rule === id)).toEqual([])
    expect(report.rules.find((rule) => rule.id === id)?.verdict).toBe(is)
  },
)
