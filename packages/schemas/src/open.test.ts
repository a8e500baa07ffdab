import { describe, expect, expectTypeOf, test } from "vitest"
import { z } from "zod"
import { openEnum, openObject, openUnion } from "./open.ts"

describe("an open object", () => {
  const Point = openObject({ x: z.number(), label: z.string().optional() })

  test("lets members pass that it does not list", () => {
    expect(Point.parse({ x: 1, y: 2 })).toEqual({ x: 1, y: 2 })
    expect(Point.extend({ z: z.number() }).parse({ x: 1, y: 2, z: 3 })).toEqual({ x: 1, y: 2, z: 3 })
  })

  test("has a type of its listed members alone", () => {
    expectTypeOf<z.infer<typeof Point>>().toEqualTypeOf<{ x: number; label?: string | undefined }>()
    // @ts-expect-error: a misspelt member
    expect(Point.parse({ x: 1, labl: "a" } satisfies z.infer<typeof Point>)).toEqual({ x: 1, labl: "a" })
  })
})

describe("an open enum", () => {
  const Size = openEnum(["small", "large"])

  test("takes any string, and nothing else", () => {
    expect(["small", "huge", "", 1, null].map((value) => Size.safeParse(value).success)).toEqual([
      true,
      true,
      true,
      false,
      false,
    ])
  })

  test("has a type that still names the known values", () => {
    expectTypeOf<z.infer<typeof Size>>().toEqualTypeOf<"small" | "large" | (string & {})>()
  })

  test("is emitted as the known values or any string", () => {
    expect(z.toJSONSchema(Size)).toMatchObject({
      anyOf: [
        { type: "string", enum: ["small", "large"] },
        { type: "string", "x-unlisted": true },
      ],
    })
  })
})

describe("an open union", () => {
  const Shape = openUnion("kind", [
    openObject({ kind: z.literal("circle"), radius: z.number() }),
    openObject({ kind: z.enum(["square", "rhombus"]), side: z.number() }),
  ])
  type Shape = z.infer<typeof Shape>

  test("takes each known kind, and any kind with another tag", () => {
    const shapes = [
      { kind: "circle", radius: 1 },
      { kind: "rhombus", side: 1 },
      { kind: "hexagon", sides: 6 },
    ]
    expect(shapes.map((shape) => Shape.parse(shape))).toEqual(shapes)
  })

  test("refuses a known kind that lacks a member, and names the member", () => {
    expect(Shape.safeParse({ kind: "circle" }).error?.issues).toMatchObject([
      { code: "invalid_type", path: ["radius"] },
    ])
  })

  test.each([{}, { kind: 1 }, { kind: null }, [], "circle", null])("refuses %j: it has no tag", (value) => {
    expect(Shape.safeParse(value).success).toBe(false)
  })

  test("has a type that its tag narrows, and that refuses a misspelt tag", () => {
    const area = (shape: Shape) => {
      if (shape.kind === "circle") return Math.PI * shape.radius ** 2
      if (shape.kind === "square" || shape.kind === "rhombus") return shape.side ** 2
      return shape.kind.length
    }
    // @ts-expect-error: a misspelt tag
    expect(area({ kind: "circel", radius: 1 })).toBe(6)
    expect(area({ kind: "square", side: 2 })).toBe(4)
  })

  test("is emitted with the known tags shut out of the last kind", () => {
    expect(z.toJSONSchema(Shape)).toMatchObject({
      oneOf: [
        {},
        {},
        {
          properties: { kind: { type: "string", not: { enum: ["circle", "square", "rhombus"] } } },
          required: ["kind"],
          "x-unlisted": true,
        },
      ],
    })
  })
})
