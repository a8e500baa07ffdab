import { parseMultipart } from "@remix-run/multipart-parser"
import type { z } from "zod"
import { limits as mockLimits } from "../limits.ts"
import { Refusal } from "../refusal.ts"

/** Form fields or query parameters by name, each with all its values in order. */
type Fields = ReadonlyMap<string, readonly (string | File)[]>

/** The parser's own limits are not needed, because the host limits the size of the whole body. */
const limits = { maxFileSize: 2 ** 31, maxTotalSize: 2 ** 31, maxParts: mockLimits.formParts.max }

/** Returns whether a content type is `multipart/form-data`. */
export function isForm(contentType: string | undefined): contentType is string {
  return contentType !== undefined && /^\s*multipart\/form-data\s*(?:;|$)/i.test(contentType)
}

/**
 * Reads the members of a multipart body (RFC 7578), converted to the types of the contract's schema. Refuses other
 * media types and malformed or truncated bodies.
 */
export function readForm(body: Uint8Array, contentType: string | undefined, schema: z.ZodType): unknown {
  const fields = [...formFields(body, contentType)].map(
    ([name, values]) => [name, values.map(toFile)] as const,
  )
  return typed(new Map(fields), schema)
}

/** A file in a form. */
export interface FormFile {
  readonly filename: string
  readonly mediaType: string
  /** Its bytes, in parts of the body. */
  readonly content: readonly Uint8Array[]
}

function toFile(value: string | FormFile): string | File {
  return typeof value === "string"
    ? value
    : // The parser's type allows shared memory, which a request body never is.
      new File(value.content as Uint8Array<ArrayBuffer>[], value.filename, { type: value.mediaType })
}

/** Reads the fields of a multipart body, by name, each with all its values in order. Refuses like `readForm`. */
export function formFields(
  body: Uint8Array,
  contentType: string | undefined,
): ReadonlyMap<string, readonly (string | FormFile)[]> {
  if (!isForm(contentType)) {
    throw new Refusal(415, {
      message: `Unsupported content type '${contentType ?? ""}'. Send the request body as 'multipart/form-data'.`,
    })
  }
  const named = /;\s*boundary=(?:"([^"]+)"|([^\s;]+))/i.exec(contentType)
  const boundary = named?.[1] ?? named?.[2]
  if (boundary === undefined) throw malformed("its content type names no boundary")
  if (body.length === 0) throw malformed("it is empty")
  const fields = new Map<string, (string | FormFile)[]>()
  try {
    for (const part of parseMultipart(fromFirst(boundary, body), { boundary, ...limits })) {
      if (part.name === undefined) throw malformed("a part has no name")
      const value =
        part.filename === undefined
          ? part.text
          : // Not its bytes as one: those of a large file would be copied twice.
            { filename: part.filename, mediaType: part.mediaType ?? "", content: part.content }
      fields.set(part.name, [...(fields.get(part.name) ?? []), value])
    }
  } catch (error) {
    if (error instanceof Refusal) throw error
    throw malformed((error as Error).message)
  }
  return fields
}

const latin1 = new TextDecoder("latin1")
/** Maximum length of a preamble, in bytes (chosen). */
const maxPreamble = 2 ** 12

/** Removes the preamble, the ignored text before the first boundary (RFC 2046, section 5.1.1). */
function fromFirst(boundary: string, body: Uint8Array): Uint8Array {
  const at = latin1.decode(body.subarray(0, maxPreamble)).indexOf(`\r\n--${boundary}`)
  const startsAtOnce = latin1.decode(body.subarray(0, boundary.length + 2)) === `--${boundary}`
  return startsAtOnce || at === -1 ? body : body.subarray(at + 2)
}

function malformed(why: string): Refusal {
  return new Refusal(400, {
    message: `We could not parse the multipart body of your request: ${why}.`,
    code: "invalid_multipart",
  })
}

/** Reads the members of a query, converted to the types of the contract's schema. */
export function readQuery(query: string, schema: z.ZodType): unknown {
  const fields = new Map<string, string[]>()
  for (const [name, value] of new URLSearchParams(query)) {
    fields.set(name, [...(fields.get(name) ?? []), value])
  }
  return typed(fields, schema)
}

/** Converts text to the types of the schema. Text that cannot be converted is left for the schema to refuse. */
function typed(fields: Fields, schema: z.ZodType): unknown {
  const shape = "shape" in schema ? (schema.shape as Readonly<Record<string, z.ZodType>>) : {}
  return Object.fromEntries(
    [...fields].map(([name, values]) => {
      // A field may have the name of a member that every object inherits, such as `constructor`.
      const def = Object.hasOwn(shape, name) && shape[name] ? plain(shape[name]) : undefined
      if (def?.type === "array") {
        const element = plain((def as z.core.$ZodArrayDef).element)
        return [name, values.map((value) => read(value, element.type))]
      }
      return [name, read(values.at(-1) ?? "", def?.type)]
    }),
  )
}

function plain(schema: z.core.$ZodType): z.core.$ZodTypeDef {
  let { def } = schema._zod
  while ("innerType" in def) def = (def.innerType as z.core.$ZodType)._zod.def
  return def
}

function read(value: string | File, type: z.core.$ZodTypeDef["type"] | undefined): unknown {
  if (typeof value !== "string") return value
  if (type === "number") return /^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(value) ? Number(value) : value
  if (type === "boolean") return value === "true" ? true : value === "false" ? false : value
  return value
}
