import { type Endpoint, endpoints, type OperationId } from "@nexhina/schemas"

/** Where the API begins: every path of the contract stands below it. */
export const basePath = "/v1"

/** What a request line leads to. */
export type Found =
  | {
      readonly kind: "operation"
      readonly operationId: OperationId
      readonly params: Readonly<Record<string, string>>
    }
  | { readonly kind: "wrong-method"; readonly allow: readonly string[] }
  | { readonly kind: "unknown-path" }

interface Way {
  readonly pattern: RegExp
  readonly operations: Map<string, OperationId>
}

const noParams = {}
const unknownPath: Found = { kind: "unknown-path" }

/**
 * Finds the operation of a method and a path (without query). HEAD goes where GET goes. A parameter at the end
 * of a path takes the rest of it, slashes included: model ids have them, and not every client encodes them.
 */
export const route: (method: string, path: string) => Found = compile(Object.entries(endpoints))

function compile(contracts: readonly (readonly [string, Endpoint])[]): typeof route {
  const exact = new Map<string, Way>()
  const patterns = new Map<string, Way>()
  for (const [id, { method, path, aliases = [] }] of contracts) {
    for (const template of [path, ...aliases].map((below) => basePath + below)) {
      const ways = template.includes("{") ? patterns : exact
      const way = ways.get(template) ?? { pattern: toPattern(template), operations: new Map() }
      // The registry's keys are the operation ids; `Object.entries` forgets it.
      way.operations.set(method, id as OperationId)
      if (method === "GET") way.operations.set("HEAD", id as OperationId)
      ways.set(template, way)
    }
  }
  // The longest first: a parameter that takes the rest of a path must not take what another path says there.
  const segments = ([template]: readonly [string, Way]) => template.split("/").length
  const longestFirst = [...patterns].sort((a, b) => segments(b) - segments(a)).map(([, way]) => way)
  return (method, path) => {
    const way = exact.get(path) ?? longestFirst.find(({ pattern }) => pattern.test(path))
    if (way === undefined) return unknownPath
    const operationId = way.operations.get(method)
    if (operationId === undefined) return { kind: "wrong-method", allow: [...way.operations.keys()] }
    const groups = way.pattern.exec(path)?.groups
    return { kind: "operation", operationId, params: groups ? decoded(groups) : noParams }
  }
}

function toPattern(template: string): RegExp {
  const source = template
    .split("/")
    .map((segment, index, all) => {
      const name = /^\{(\w+)\}$/.exec(segment)?.[1]
      if (name === undefined) return segment.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")
      return index === all.length - 1 ? `(?<${name}>.+)` : `(?<${name}>[^/]+)`
    })
    .join("/")
  return new RegExp(`^${source}$`, "s")
}

function decoded(groups: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(groups).map(([name, value]) => [name, percentDecoded(value)]))
}

function percentDecoded(value: string): string {
  try {
    return decodeURIComponent(value)
  } catch {
    // Not percent-encoded UTF-8: then it names nothing that exists, which is the answer that it deserves.
    return value
  }
}
