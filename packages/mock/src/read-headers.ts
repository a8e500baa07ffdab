import type { Header } from "@nexhina/transcript"

/** The request headers that mean something to the mock, found in one pass; an empty one counts as absent. */
export interface KnownHeaders {
  readonly authorization?: string
  readonly host?: string
  readonly "content-type"?: string
  readonly "access-control-request-headers"?: string
  readonly "x-request-id"?: string
  readonly "x-mock-defect"?: string
  readonly "x-mock-variant"?: string
  readonly "x-mock-seed"?: string
}

const known: Readonly<Record<keyof KnownHeaders, true>> = {
  authorization: true,
  host: true,
  "content-type": true,
  "access-control-request-headers": true,
  "x-request-id": true,
  "x-mock-defect": true,
  "x-mock-variant": true,
  "x-mock-seed": true,
}
const knownNames = new Set(Object.keys(known))

function isKnown(name: string): name is keyof KnownHeaders {
  return knownNames.has(name)
}

/** Of duplicate headers the first counts. */
export function readHeaders(headers: readonly Header[]): KnownHeaders {
  const found: { -readonly [Name in keyof KnownHeaders]: KnownHeaders[Name] } = {}
  for (const [name, value] of headers) {
    const lower = name.toLowerCase()
    if (value !== "" && isKnown(lower)) found[lower] ??= value
  }
  return found
}
