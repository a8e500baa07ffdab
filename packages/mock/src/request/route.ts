import { type Endpoint, endpoints, type OperationId, operationsOf, type Profile } from "@nexhina/schemas"

/** The path prefix of every endpoint. */
export const basePath = "/v1"

/** The result of matching a method and a path against the contract. */
export type MatchedRoute =
  | {
      readonly kind: "operation"
      readonly operationId: OperationId
      readonly params: Readonly<Record<string, string>>
    }
  | { readonly kind: "wrong-method"; readonly allow: readonly string[] }
  | { readonly kind: "unknown-path" }

interface PathEntry {
  readonly pattern: RegExp
  readonly operations: Map<string, OperationId>
}

const noParams = {}
const unknownPath: MatchedRoute = { kind: "unknown-path" }

/**
 * Finds the operation of a method and a path (without query). HEAD is routed like GET. A model id at the end of a path
 * matches the rest of it, including slashes: model ids contain them, and not every client encodes them.
 */
export type Router = (method: string, path: string) => MatchedRoute

/** Paths of OpenAI's API that the contract lacks, and that would be taken for the id of a response or a video. */
const otherPaths = new Set(
  [
    "/responses/compact",
    "/responses/input_tokens",
    "/videos/characters",
    "/videos/edits",
    "/videos/extensions",
  ].map((below) => basePath + below),
)

/** Creates the router of the operations that a profile has. */
export function createRouter(profile: Profile): Router {
  const exact = new Map<string, PathEntry>()
  const patterns = new Map<string, PathEntry>()
  for (const id of operationsOf(profile)) {
    const { method, path, aliases = [] }: Endpoint = endpoints[id]
    for (const template of [path, ...aliases].map((below) => basePath + below)) {
      const ways = template.includes("{") ? patterns : exact
      const way = ways.get(template) ?? { pattern: toPattern(template), operations: new Map() }
      way.operations.set(method, id)
      if (method === "GET") way.operations.set("HEAD", id)
      ways.set(template, way)
    }
  }
  // Longest first, so that a trailing parameter does not match the segments of a more specific path.
  const segments = ([template]: readonly [string, PathEntry]) => template.split("/").length
  const longestFirst = [...patterns].sort((a, b) => segments(b) - segments(a)).map(([, way]) => way)
  return (method, path) => {
    if (otherPaths.has(path)) return unknownPath
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
      return name === "model" && index === all.length - 1 ? `(?<${name}>.+)` : `(?<${name}>[^/]+)`
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
    // Not valid percent-encoded UTF-8: no resource has this id, and the lookup replies with 404.
    return value
  }
}
