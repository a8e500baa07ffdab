import { expect, test } from "vitest"
import { sampleReport } from "../../test/sample-report.ts"
import { matrixOf, matrixText } from "./matrix.ts"
import { Outcome } from "./report.ts"
import { standingOf } from "./standing.ts"

test("a report is called conformant only when every applicable MUST rule was judged", () => {
  const standings = Outcome.options.flatMap((outcome) =>
    [true, false, null].map((conformant) => ({
      outcome,
      conformant,
      standing: standingOf({ outcome, conformant }),
    })),
  )
  const called = standings.filter(({ standing }) => standing === "conformant")
  expect(called).toEqual([{ outcome: "conformant", conformant: true, standing: "conformant" }])
})

test("a matrix says of a report that judged a part only that it is partly checked", () => {
  const report = sampleReport([], { outcome: "conformant", conformant: null })
  const text = matrixText(matrixOf([{ name: "part.json", report }]))
  expect(text.split("\n")[0]).toMatch(/partly checked$/)
})
