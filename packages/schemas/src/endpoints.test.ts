import { describe, expect, test } from "vitest"
import { z } from "zod"
import type { Endpoint } from "./endpoint.ts"
import { endpoints } from "./endpoints.ts"

const all: readonly (readonly [string, Endpoint])[] = Object.entries(endpoints)

describe.each(all)("%s", (name, contract) => {
  test("is registered under its operationId", () => {
    expect(contract.operationId).toBe(name)
  })

  test("lists one parameter for each {name} in its path", () => {
    const named = [...contract.path.matchAll(/\{(\w+)\}/g)].map((match) => match[1])
    expect(Object.keys(contract.params?.shape ?? {})).toEqual(named)
  })

  test("can answer 401", () => {
    expect(contract.errors).toContain(401)
  })

  test.each(Object.entries(contract.request?.examples ?? {}))(
    "request example %s keeps the contract",
    (_, example) => {
      const parsed = contract.request?.schema.safeParse(example.value)
      expect(parsed?.error).toBeUndefined()
      expect(parsed?.data).toEqual(example.value)
      expect(
        contract.checks.filter((check) => !check.holds(example.value)).map((check) => check.says),
      ).toEqual([])
    },
  )

  test.each(Object.entries(contract.examples))("success example %s keeps its schema", (_, example) => {
    const errors = Object.values(contract.success.content).map((content) =>
      content.kind === "json" ? content.schema.safeParse(example.value).error : "not JSON",
    )
    expect(errors).toContain(undefined)
  })

  test.each(
    Object.values(contract.success.content).flatMap((content) =>
      content.kind === "stream"
        ? Object.entries(content.examples).map((entry) => [...entry, content.item] as const)
        : [],
    ),
  )("stream example %s keeps its schema", (_, example, item) => {
    expect(z.array(item).safeParse(example.value).error).toBeUndefined()
  })
})

test("no two operations answer the same method and path", () => {
  const routes = all.flatMap(([, { method, path, aliases = [] }]) =>
    [path, ...aliases].map((each) => `${method} ${each.replaceAll(/\{\w+\}/g, "{}")}`),
  )
  expect(routes).toEqual([...new Set(routes)])
})
