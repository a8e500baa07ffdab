import { expect, test } from "vitest"
import * as defects from "../src/index.ts"

test("exports exactly these names at run time", () => {
  expect(Object.keys(defects).sort()).toMatchInlineSnapshot(`
    [
      "defects",
      "variants",
    ]
  `)
})
