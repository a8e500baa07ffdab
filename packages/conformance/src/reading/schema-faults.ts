import type { Endpoint } from "@nexhina/schemas"
import type { Fault } from "../rule.ts"
import { fits } from "./fitted.ts"
import { shown } from "./shown.ts"

/** A place at which a JSON body does not fit its schema. */
export interface SchemaFault extends Fault<"missing" | "wrong-value"> {
  readonly path: readonly PropertyKey[]
}

/** Any Zod schema. */
type Schema = NonNullable<Endpoint["request"]>["schema"]
type Issue = NonNullable<ReturnType<Schema["safeParse"]>["error"]>["issues"][number]

/** The RFC 6901 pointer of a path. */
export const pointerTo = (path: readonly PropertyKey[]): string =>
  path.map((key) => `/${String(key).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("")

/** Where a JSON body does not fit a schema; empty when it does. */
export function schemaFaults(schema: Schema, body: unknown): SchemaFault[] {
  if (fits(schema, body)) return []
  return (schema.safeParse(body).error?.issues ?? []).map((issue) => {
    const { path, expected } = innermost(issue)
    const value = valueAt(body, path)
    return {
      fault: value === undefined ? "missing" : "wrong-value",
      at: { part: "body", pointer: pointerTo(path) },
      expected,
      actual: shown(value),
      path,
    }
  })
}

/** Of a union's branches the one that fits furthest says most. */
function innermost(issue: Issue): Pick<SchemaFault, "path" | "expected"> {
  if (issue.code !== "invalid_union" || issue.errors.length === 0)
    return { path: issue.path, expected: expectedBy(issue) }
  const branches = issue.errors.flatMap((branch) => branch.slice(0, 1).map(innermost))
  const depth = Math.max(...branches.map(({ path }) => path.length))
  const deepest = branches.filter(({ path }) => path.length === depth)
  return {
    path: [...issue.path, ...(deepest[0]?.path ?? [])],
    expected: [...new Set(deepest.map(({ expected }) => expected))].join(" or "),
  }
}

const expectedBy = ({ message }: Issue) =>
  message.replace(/^[^:]*: expected /, "").replace(/, received .*$/, "")

function valueAt(body: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    // Null and values that are not objects have no members.
    (value, key) =>
      typeof value === "object" ? (value as Record<PropertyKey, unknown> | null)?.[key] : undefined,
    body,
  )
}
