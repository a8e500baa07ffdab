import { createHash } from "node:crypto"

/** The parts of a page. Only `content` is markup; whoever writes it escapes it. */
export interface HtmlPage {
  readonly title: string
  readonly style: string
  /** A classic script, which runs once the rest of the page is there. */
  readonly script: string
  /** Data for the script, which reads it as JSON from the element `#data`. */
  readonly data: unknown
  /** The markup of the body: what a reader without scripts sees. */
  readonly content: string
}

/** Escapes text for markup and for attribute values in double quotes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (unit) => `&#${unit.charCodeAt(0)};`)
}

const unitEscape = (text: string, at: number) => `\\u${text.charCodeAt(at).toString(16).padStart(4, "0")}`

/** Escapes a character, which has one or two UTF-16 code units, as in JSON. */
const escaped = (character: string) =>
  character.length === 1 ? unitEscape(character, 0) : unitEscape(character, 0) + unitEscape(character, 1)

/**
 * What is invisible in a file: control and format characters, line separators and halves of surrogate pairs. Of two
 * `#`, which CI runners obey, the second.
 */
const unsafe = /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]|(?<=#)#/gu

/** Returns a value as JSON that can stand inside a script element. */
export function scriptJson(value: unknown): string {
  return JSON.stringify(value).replaceAll("<", "\\u003c").replace(unsafe, escaped)
}

const sourceOf = (text: string) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`

/** Creates an HTML file that needs no other file, and that its policy forbids to make any request. */
export function htmlPage({ title, style, script, data, content }: HtmlPage): string {
  const policy = [
    "default-src 'none'",
    `style-src ${sourceOf(style)}`,
    `script-src ${sourceOf(script)}`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ")
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${escapeHtml(title)}</title>
<style>${style}</style>
</head>
<body>
${content}
<script type="application/json" id="data">${scriptJson(data)}</script>
<script>${script}</script>
</body>
</html>
`
}
