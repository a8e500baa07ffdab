import * as fc from "fast-check"
import { expect, test } from "vitest"
import { repeatedMember } from "./repeated-member.ts"

test.each([
  ['{"a":1,"a":2}', { name: "a", at: 7 }],
  ['{"a":{"b":null , "b":"x"}}', { name: "b", at: 17 }],
  ['[{"a":1},{"b":1,"\\u0062":2}]', { name: "b", at: 16 }],
  ['{"a":"{\\"a\\":1}","b":["a","a"],"c":{"a":1}}', undefined],
  ['"a"', undefined],
  ["[]", undefined],
])("%s", (text, repeated) => {
  expect(repeatedMember(text)).toEqual(repeated)
})

test("what is written of a value repeats no member", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.nat(3), (value, space) => {
      expect(repeatedMember(JSON.stringify(value, undefined, space))).toBeUndefined()
    }),
  )
})
