/** How a form is written: legal spellings that must make no difference to a server. */
export interface FormSpelling {
  /** Whether names in `Content-Disposition` are quoted where they need not be. Default: `quoted`. */
  readonly names?: "quoted" | "unquoted"
  /** Whether the fields are sent in reverse order. Default: false. */
  readonly reversed?: boolean
}

/** In no file of ours, so that no part can hold it. */
const boundary = "nexhina-conformance-7f3a9c41d6"

const utf8 = new TextEncoder()

/** A parameter of a header, in the spelling that was asked for; quotes as WHATWG HTML's form encoding has them. */
function parameter(name: string, value: string, spelling: FormSpelling["names"]): string {
  const isToken = /^[\w.[\]-]+$/.test(value)
  if (spelling === "unquoted" && isToken) return `${name}=${value}`
  return `${name}="${value.replaceAll('"', "%22")}"`
}

/** A value as a multipart form (RFC 7578): a `File` with its name and type, lists as repeated fields. */
export async function toForm(
  value: Readonly<Record<string, unknown>>,
  { names = "quoted", reversed = false }: FormSpelling = {},
): Promise<{ readonly mediaType: string; readonly bytes: Uint8Array }> {
  const fields = Object.entries(value).flatMap(([name, each]) =>
    [each].flat().map((one) => [name, one] as const),
  )
  const pieces: Uint8Array[] = []
  for (const [name, each] of reversed ? fields.reverse() : fields) {
    if (each === undefined) continue
    const disposition = ["form-data", parameter("name", name, names)]
    if (each instanceof File) disposition.push(parameter("filename", each.name, names))
    const type = each instanceof File && each.type !== "" ? `Content-Type: ${each.type}\r\n` : ""
    pieces.push(
      utf8.encode(`--${boundary}\r\nContent-Disposition: ${disposition.join("; ")}\r\n${type}\r\n`),
      each instanceof File ? new Uint8Array(await each.arrayBuffer()) : utf8.encode(String(each)),
      utf8.encode("\r\n"),
    )
  }
  pieces.push(utf8.encode(`--${boundary}--\r\n`))
  return { mediaType: `multipart/form-data; boundary=${boundary}`, bytes: Buffer.concat(pieces) }
}
