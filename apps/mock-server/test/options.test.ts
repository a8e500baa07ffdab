import { expect, test } from "vitest"
import { readOptions } from "../src/options.ts"

test.each([
  [["--defect", "a", "b@0.5", "--variant", "c", "d"]],
  [["--defect", "a", "--defect", "b@0.5", "--variant", "c", "--variant", "d"]],
])("defects and variants are a list or repeated flags: %j", (argv) => {
  expect(readOptions(argv).mock.always).toEqual([
    { id: "a", rate: 1 },
    { id: "b", rate: 0.5 },
    { id: "c", rate: 1 },
    { id: "d", rate: 1 },
  ])
})
