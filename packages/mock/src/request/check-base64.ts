import { Refusal } from "../refusal.ts"

/** Throws a `Refusal` that names `param` when a text is not base64 (RFC 4648). Line breaks and missing padding are accepted. */
export function requireBase64(text: string, param: string): void {
  if (!isBase64(text)) {
    throw new Refusal(400, {
      message: `Invalid '${param}': expected base64-encoded data (letters, digits, '+', '/', padded with '=').`,
      param,
      code: "invalid_base64",
    })
  }
}

/** Throws a `Refusal` that names `param` when a data URL (RFC 2397) has no data or invalid base64. */
export function requireDataUrl(url: string, param: string): void {
  if (!/^data:/i.test(url)) return
  const comma = url.indexOf(",")
  if (comma === -1) {
    throw new Refusal(400, {
      message: `Invalid '${param}': a data URL has the form 'data:image/png;base64,...', with a comma before the data.`,
      param,
      code: "invalid_value",
    })
  }
  if (/;\s*base64\s*$/i.test(url.slice(0, comma))) requireBase64(url.slice(comma + 1), param)
}

/** Throws a `Refusal` that names `param` when the data of a file, a data URL or bare base64, is invalid. */
export function requireFileData(data: string | null | undefined, param: string): void {
  if (data == null) return
  const check = /^data:/i.test(data) ? requireDataUrl : requireBase64
  check(data, param)
}

/** Returns whether a text is base64 (RFC 4648), with line breaks and without padding if it likes. */
export function isBase64(text: string): boolean {
  const packed = /\s/.test(text) ? text.replace(/\s+/g, "") : text
  const [, padding] = /^[A-Za-z0-9+/]*(={0,2})$/.exec(packed) ?? []
  // A single remaining digit would be less than a byte.
  return padding !== undefined && (padding === "" ? packed.length % 4 !== 1 : packed.length % 4 === 0)
}
