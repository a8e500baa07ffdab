import * as fc from "fast-check"
import { expect, test } from "vitest"
import { repeatedMember } from "./repeated-member.ts"

test.each([
  ['{"a":1,"a":2}', { name: "a", at: 7 }],
  ['{"a":{"b":null , "b":"x"}}', { name: "b", at: 17 }],
  ['[{"a":1},{"b":1,"\\u0062":2}]', { name: "b", at: 16 }],
  ['{"a":"{\\"a\\":1}","b":["a","a"],"c":{"a":1}}', undefined],
  ['{"a" :1,"b"\n:["a", ":"],"\\"c\\":"\t:3}', undefined],
  ['{"__proto__":1,"a":{"__proto__":2,"__proto__":3}}', { name: "__proto__", at: 34 }],
  ['"a"', undefined],
  ["[]", undefined],
])("%s", (text, repeated) => {
  expect(repeatedMember(text, JSON.parse(text))).toEqual(repeated)
})

test("what is written of a value repeats no member", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.nat(3), (value, space) => {
      expect(repeatedMember(JSON.stringify(value, undefined, space), value)).toBeUndefined()
    }),
  )
})

test("a member that is written twice is found wherever it is", () => {
  const place = fc.record({ name: fc.string(), before: fc.jsonValue(), after: fc.jsonValue() })
  fc.assert(
    fc.property(place, fc.jsonValue(), fc.jsonValue(), ({ name, before, after }, first, second) => {
      const [key, one, two] = [name, first, second].map((each) => JSON.stringify(each))
      const text = `[${JSON.stringify(before)},{${key}:${one}, ${key}:${two}},${JSON.stringify(after)}]`
      const at = JSON.stringify(before).length + `[,{${key}:${one}, `.length
      expect(repeatedMember(text, JSON.parse(text))).toEqual({ name, at })
    }),
  )
})
