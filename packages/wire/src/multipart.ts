/** How a form is written. All these spellings are legal, and servers must treat them alike. */
export interface FormSpelling {
  /** Whether names in `Content-Disposition` are quoted when quotes are optional. Default: `quoted`. */
  readonly names?: "quoted" | "unquoted"
  /** Whether the fields are sent in reverse order. Default: false. */
  readonly reversed?: boolean
}

/** Occurs in none of our files, so that no part can contain it. */
const boundary = "nexhina-conformance-7f3a9c41d6"

const utf8 = new TextEncoder()

/** Returns a header parameter in the requested spelling; quotes are escaped as in WHATWG HTML's form encoding. */
function parameter(name: string, value: string, spelling: FormSpelling["names"]): string {
  const isToken = /^[\w.[\]-]+$/.test(value)
  if (spelling === "unquoted" && isToken) return `${name}=${value}`
  return `${name}="${value.replaceAll('"', "%22")}"`
}

/** Encodes a value as a multipart form (RFC 7578): a `File` with its name and type, lists as repeated fields. */
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
