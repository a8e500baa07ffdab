/** Returns a text as inline code, in which Markdown and HTML mean nothing, nobody is mentioned and nothing is linked. */
export function inlineCode(text: string): string {
  const line = text.replaceAll(/\s+/g, " ").trim()
  if (line === "") return "(empty)"
  const longest = Math.max(0, ...(line.match(/`+/g) ?? []).map((run) => run.length))
  const fence = "`".repeat(longest + 1)
  const padding = longest > 0 ? " " : ""
  return `${fence}${padding}${line}${padding}${fence}`
}

/** Returns a text as a block of code. */
export function codeBlock(text: string, language = ""): string {
  const longest = Math.max(2, ...(text.match(/`+/g) ?? []).map((run) => run.length))
  const fence = "`".repeat(longest + 1)
  return `${fence}${language}\n${text.replace(/\n+$/, "")}\n${fence}`
}

/** Escapes the kit's own sentences, of which code is already in backticks: HTML and mentions outside of code. */
export function prose(text: string): string {
  return text
    .split(/(`+[^`]*`+)/)
    .map((part, at) =>
      at % 2 === 1
        ? part
        : part
            .replaceAll("&", "&amp;")
            .replaceAll("<", "&lt;")
            .replace(/[*_[\]\\~#@]/g, "\\$&"),
    )
    .join("")
}

/** Returns a text for HTML, where Markdown is not read. */
export const htmlText = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;")

/** Returns a table; a cell may hold Markdown of one line. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cell = (text: string) => text.replaceAll("|", "\\|")
  return [head, head.map(() => "---"), ...rows].map((row) => `| ${row.map(cell).join(" | ")} |`).join("\n")
}
