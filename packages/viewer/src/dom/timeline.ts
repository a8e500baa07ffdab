import type { ShownExchange } from "../shown-exchange.ts"
import { element, svgElement } from "./element.ts"
import { bytesText, msText, plural } from "./units.ts"

const width = 1000
const height = 40

type Reply = NonNullable<ShownExchange["response"]>

/** Returns the offset of a chunk's first byte, for each chunk. */
export function chunkOffsets({ chunks }: Pick<Reply, "chunks">): number[] {
  let at = 0
  return chunks.map(([, length]) => {
    const from = at
    at += length
    return from
  })
}

/** Returns the index of each chunk that contains a marked byte, or after which the marked end comes. */
export function markedChunks({ marks, response }: ShownExchange): Set<number> {
  if (!response || response.isCoded) return new Set()
  const offsets = chunkOffsets(response)
  return new Set(
    offsets.flatMap((from, index) => {
      const to = from + (response.chunks[index]?.[1] ?? 0)
      const isMarked = marks.some(
        (mark) => mark.part === "response-body" && mark.from < to && Math.max(mark.to, mark.from + 1) > from,
      )
      return isMarked ? [index] : []
    }),
  )
}

function summary({ response, end, isTimed }: ShownExchange): string {
  if (!response) return `No response after ${msText(end.atMs)}.`
  const { chunks, chunkCount } = response
  const bytes = bytesText(chunks.reduce((sum, [, length]) => sum + length, 0))
  const counted = `${plural(chunkCount, "chunk")}, ${chunkCount > chunks.length ? `the first ${chunks.length} of them ` : ""}${bytes}`
  if (!isTimed) return `${counted}. The times were not measured.`
  const [first] = chunks
  const gaps = chunks.slice(1).map(([atMs], index) => atMs - (chunks[index]?.[0] ?? 0))
  return [
    counted,
    ...(first ? [`first byte after ${msText(first[0])}`] : []),
    ...(gaps.length > 0 ? [`longest pause ${msText(Math.max(...gaps))}`] : []),
    `end after ${msText(end.atMs)}`,
  ].join(" · ")
}

/** Returns a path of one vertical line for each chunk, higher for more bytes. */
function barPath(chunks: Reply["chunks"], endMs: number, isDrawn: (index: number) => boolean): string {
  const most = Math.log2(2 + Math.max(...chunks.map(([, length]) => length)))
  return chunks
    .map(([atMs, length], index) => {
      if (!isDrawn(index)) return ""
      const x = (4 + (width - 8) * (endMs > 0 ? Math.min(1, atMs / endMs) : 0)).toFixed(1)
      const top = height - (height - 4) * (Math.log2(2 + length) / most)
      return `M${x} ${height}V${top.toFixed(1)}`
    })
    .join("")
}

/** Shows when the chunks of a response came; those with marked bytes stand out. */
export function timeline(exchange: ShownExchange): HTMLElement {
  const { response, end, isTimed } = exchange
  const text = summary(exchange)
  const caption = element("figcaption", {}, text)
  if (!response || !isTimed || response.chunks.length < 2)
    return element("figure", { class: "timeline" }, caption)
  const marked = markedChunks(exchange)
  const path = (name: string, isDrawn: (index: number) => boolean) =>
    svgElement("path", { class: name, d: barPath(response.chunks, end.atMs, isDrawn) })
  const drawing = svgElement(
    "svg",
    { viewBox: `0 0 ${width} ${height + 2}`, preserveAspectRatio: "none", role: "img", "aria-label": text },
    svgElement("path", { class: "axis", d: `M0 ${height + 1}H${width}` }),
    path("bars", (index) => !marked.has(index)),
    path("bars fault", (index) => marked.has(index)),
  )
  const scale = element(
    "div",
    { class: "scale", "aria-hidden": "true" },
    element("span", {}, "0"),
    element("span", {}, msText(end.atMs / 2)),
    element("span", {}, msText(end.atMs)),
  )
  return element("figure", { class: "timeline" }, drawing, scale, caption)
}
