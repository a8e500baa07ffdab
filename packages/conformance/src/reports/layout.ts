/** Width of a terminal that every line fits, except for bytes and commands to copy. */
export const columns = 80

/** Breaks a text at spaces so that each line fits; `first` and `rest` begin the lines. A longer word stays whole. */
export function wrapped(text: string, first: string, rest = " ".repeat(first.length)): string {
  const lines: string[] = []
  let line = first
  let isEmpty = true
  for (const word of text.split(/\s+/).filter((each) => each !== "")) {
    if (!isEmpty && line.length + 1 + word.length > columns) {
      lines.push(line)
      line = rest
      isEmpty = true
    }
    line += isEmpty ? word : ` ${word}`
    isEmpty = false
  }
  return [...lines, line].join("\n")
}

/** Cuts a text to one line that fits. */
export function clipped(text: string, width = columns): string {
  return text.length <= width ? text : `${text.slice(0, width - 1)}…`
}

/** Breaks bytes shown as text into lines that fit, each indented. */
export function block(text: string, indent: string): string {
  const width = columns - indent.length
  const lines = text.split("\n").flatMap((line) => line.match(new RegExp(`.{1,${width}}`, "gsu")) ?? [""])
  return lines.map((line) => `${indent}${line}`).join("\n")
}

const plainMarks: Readonly<Record<string, string>> = { "✔": "+", "✘": "x", "·": ".", "…": "..." }

/** Writes a text in ASCII; characters without a plain form as `\uXXXX`, which JSON reads as the same character. */
export function ascii(text: string): string {
  return text.replace(
    /[^\0-\x7f]/g,
    (unit) => plainMarks[unit] ?? `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  )
}

/** Returns whether the locale of an environment uses UTF-8. Without a locale, only Windows and macOS do. */
export function isUtf8Locale(env: Readonly<Record<string, string | undefined>>, platform: string): boolean {
  const locale = env["LC_ALL"] || env["LC_CTYPE"] || env["LANG"]
  if (!locale) return platform === "win32" || platform === "darwin"
  return /utf-?8/i.test(locale)
}
