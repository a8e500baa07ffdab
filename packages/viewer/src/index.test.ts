import { expect, test } from "vitest"
import * as viewer from "./index.ts"

test("exported names", () => {
  expect(Object.keys(viewer).toSorted()).toMatchInlineSnapshot(`
    [
      "BodyPart",
      "Mark",
      "ShownBody",
      "ShownExchange",
      "escapeHtml",
      "htmlPage",
      "scriptJson",
      "showExchange",
      "viewerStyle",
    ]
  `)
})
