import type { Header } from "@nexhina/wire"
import { Refusal } from "../refusal.ts"
import type { GeneratedFile } from "../reply-maker.ts"
import type { KnownHeaders } from "../request/headers.ts"

/** A part of a file, and the header that says which. */
interface Part {
  readonly file: GeneratedFile
  readonly header: Header
}

/**
 * Returns the part of a file that a request asks for (RFC 9110, section 14). Returns undefined for the whole file, also
 * when the request asks for several parts, which a server may ignore. A range outside the file is a 416.
 */
export function partOf(file: GeneratedFile, headers: KnownHeaders): Part | Refusal | undefined {
  const [, first, last] = /^bytes=(\d*)-(\d*)$/i.exec(headers.range?.replaceAll(" ", "") ?? "") ?? []
  // The files of the mock have no validator that `if-range` could name.
  if (first === undefined || last === undefined || headers["if-range"] !== undefined) return undefined
  if (first === "" && last === "") return undefined
  if (first !== "" && last !== "" && Number(last) < Number(first)) return undefined
  const bytes = typeof file.body === "string" ? new TextEncoder().encode(file.body) : file.body
  const { length } = bytes
  const start = first === "" ? Math.max(0, length - Number(last)) : Number(first)
  const end = first === "" || last === "" ? length : Math.min(length, Number(last) + 1)
  if (start >= end) return new Refusal(416, { headers: [["content-range", `bytes */${length}`]] })
  return {
    file: { ...file, body: bytes.subarray(start, end) },
    header: ["content-range", `bytes ${start}-${end - 1}/${length}`],
  }
}
