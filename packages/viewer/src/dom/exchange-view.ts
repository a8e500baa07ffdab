import { type Bytes, bytesOf, hexLines, isBinary } from "../shown-bytes.ts"
import type { Mark, ShownBody, ShownExchange } from "../shown-exchange.ts"
import { byteNodes } from "./byte-nodes.ts"
import { type Child, element } from "./element.ts"
import { chunkOffsets, markedChunks, timeline } from "./timeline.ts"
import { bytesText, msText, plural } from "./units.ts"

/** Bytes that are marked, from `from` up to, not including, `to`. */
interface Span {
  readonly from: number
  readonly to: number
}

const spansIn = (marks: readonly Mark[], part: "request-body" | "response-body"): Span[] =>
  marks.flatMap((mark) => (mark.part === part && "from" in mark ? [mark] : []))

/** Returns the bytes of a span that are shown, each piece with its offset. */
function shownIn(shown: readonly Bytes[], { from, to }: Span): Bytes[] {
  return shown.flatMap(({ at, bytes }) => {
    const start = Math.max(from, at)
    const end = Math.min(to, at + bytes.length)
    return start < end ? [{ at: start, bytes: bytes.subarray(start - at, end - at) }] : []
  })
}

/** Maximum number of bytes that are shown as numbers. */
const maxHexBytes = 512

const gap = (bytes: number) => element("span", { class: "gap" }, `… ${bytesText(bytes)} not shown …`)

/** Returns nodes that show consecutive bytes, with the marked ones in `mark` elements. */
function markedNodes({ at, bytes }: Bytes, marks: readonly Span[]): Node[] {
  if (isBinary(bytes)) {
    const shown = bytes.subarray(0, maxHexBytes)
    const rest = bytes.length - shown.length
    const isMarked = marks.some(({ from, to }) => from < at + bytes.length && to > at)
    const lines = element("span", { class: "hex" }, hexLines(shown, at))
    return [isMarked ? element("mark", {}, lines) : lines, ...(rest > 0 ? [gap(rest)] : [])]
  }
  const end = at + bytes.length
  const cuts = [at, end, ...marks.flatMap(({ from, to }) => [from, to])]
    .filter((cut) => cut >= at && cut <= end)
    .sort((a, b) => a - b)
  return cuts.slice(1).flatMap((cut, index) => {
    const from = cuts[index] ?? at
    if (from === cut) return []
    const nodes = byteNodes(bytes.subarray(from - at, cut - at))
    return marks.some((mark) => mark.from <= from && mark.to >= cut) ? [element("mark", {}, ...nodes)] : nodes
  })
}

/** Shows the bytes of a span of a body, and how many are left out. */
function bodyNodes(shown: readonly Bytes[], span: Span, marks: readonly Span[]): Node[] {
  const nodes: Node[] = []
  let at = span.from
  for (const piece of shownIn(shown, span)) {
    if (piece.at > at) nodes.push(gap(piece.at - at))
    nodes.push(...markedNodes(piece, marks))
    at = piece.at + piece.bytes.length
  }
  if (at < span.to) nodes.push(gap(span.to - at))
  return nodes
}

function headerLines(headers: readonly (readonly [string, string])[], marks: readonly Mark[]): Node[] {
  const marked = new Set(marks.flatMap((mark) => (mark.part === "header" ? [mark.name.toLowerCase()] : [])))
  const lines = headers.map(([name, value]) => {
    const line = [element("span", { class: "name" }, name), ": ", value] as const
    return element("div", {}, ...(marked.has(name.toLowerCase()) ? [element("mark", {}, ...line)] : line))
  })
  const present = new Set(headers.map(([name]) => name.toLowerCase()))
  const absent = [...marked].filter((name) => !present.has(name))
  return [...lines, ...absent.map((name) => element("div", {}, element("mark", {}, `(no header ${name})`)))]
}

/** Shows the headers of a message: closed, except where one of them is marked. */
function headerBlock(headers: readonly (readonly [string, string])[], marks: readonly Mark[]): HTMLElement {
  const isMarked = marks.some(({ part }) => part === "header")
  return element(
    "details",
    { class: "headers", open: isMarked },
    element("summary", {}, plural(headers.length, "header")),
    element("div", { class: "wire" }, ...headerLines(headers, marks)),
  )
}

function requestView({ request, marks }: ShownExchange): HTMLElement {
  const { body } = request
  const all = { from: 0, to: body.length }
  return element(
    "div",
    { class: "message request" },
    element("p", { class: "heading" }, "Request"),
    element("div", { class: "wire start" }, element("b", {}, request.method), ` ${request.url}`),
    headerBlock(request.headers, []),
    body.length > 0 &&
      element(
        "div",
        { class: "wire body" },
        ...bodyNodes(bytesOf(body), all, spansIn(marks, "request-body")),
      ),
  )
}

/** A row of a response: bytes that came together. */
interface Row extends Span {
  readonly atMs?: number
  readonly isMarked: boolean
}

/** Returns the rows of a body: its chunks, or all of it where the chunks are not known. */
function rowsOf(exchange: ShownExchange, body: ShownBody): Row[] {
  const { response, marks, isTimed } = exchange
  const isMarked = spansIn(marks, "response-body").length > 0
  if (!response || response.isCoded || response.chunks.length === 0)
    return body.length > 0 ? [{ from: 0, to: body.length, isMarked }] : []
  const marked = markedChunks(exchange)
  const offsets = chunkOffsets(response)
  const rows = response.chunks.map(([atMs, length], index): Row => {
    const from = offsets[index] ?? 0
    return { from, to: from + length, ...(isTimed && { atMs }), isMarked: marked.has(index) }
  })
  const end = rows.at(-1)?.to ?? 0
  return end < body.length ? [...rows, { from: end, to: body.length, isMarked: false }] : rows
}

/** Number of rows that are shown at once: at the beginning, with and without a mark, around the mark, and at the end. */
const firstRows = { marked: 3, unmarked: 12 }
const rowsAround = 3
const lastRows = 2

/** Returns the indexes of the rows that are shown at once. */
function rowsShownFirst(rows: readonly Row[]): Set<number> {
  const marked = rows.findIndex(({ isMarked }) => isMarked)
  return new Set(
    rows.flatMap((_, index) =>
      index < (marked < 0 ? firstRows.unmarked : firstRows.marked) ||
      index >= rows.length - lastRows ||
      (marked >= 0 && Math.abs(index - marked) <= rowsAround)
        ? [index]
        : [],
    ),
  )
}

function chunkRow(row: Row, shown: readonly Bytes[], marks: readonly Span[]): HTMLElement {
  return element(
    "div",
    { class: row.isMarked ? "chunk marked" : "chunk" },
    element("span", { class: "time" }, row.atMs === undefined ? "" : msText(row.atMs)),
    element("div", { class: "wire" }, ...bodyNodes(shown, row, marks)),
  )
}

/** Shows the chunks of a response; those far from the beginning, the end and the fault on demand. */
function chunkRows(exchange: ShownExchange, body: ShownBody): Node[] {
  const rows = rowsOf(exchange, body)
  const shown = bytesOf(body)
  const marks = spansIn(exchange.marks, "response-body")
  if (body.length === 0 && marks.length > 0)
    return [element("p", { class: "wire" }, element("mark", {}, "(empty body)"))]
  const first = rowsShownFirst(rows)
  const nodes: Node[] = []
  for (let index = 0; index < rows.length; ) {
    const row = rows[index] as Row
    if (first.has(index)) {
      nodes.push(chunkRow(row, shown, marks))
      index++
      continue
    }
    const hidden: Row[] = []
    for (; index < rows.length && !first.has(index); index++) hidden.push(rows[index] as Row)
    const button = element(
      "button",
      { type: "button", class: "more" },
      `Show ${plural(hidden.length, "chunk")}`,
    )
    button.addEventListener("click", () =>
      button.replaceWith(...hidden.map((each) => chunkRow(each, shown, marks))),
    )
    nodes.push(button)
  }
  return nodes
}

const endings: Readonly<Record<ShownExchange["end"]["kind"], string>> = {
  complete: "The response ended as HTTP defines",
  truncated: "The connection was closed before the response was complete",
  timeout: "Nothing more arrived within the time limit",
  limit: "The kit stopped reading at its own limit",
  aborted: "The kit closed the connection on purpose",
  network: "No response was received",
}

function endLine({ end, marks, isTimed }: ShownExchange): HTMLElement {
  const code = end.code === undefined ? "" : ` (${end.code})`
  const text = `${endings[end.kind]}${code}.`
  const isMarked = marks.some(({ part }) => part === "end")
  return element(
    "div",
    { class: isMarked ? "chunk marked" : "chunk" },
    element("span", { class: "time" }, isTimed ? msText(end.atMs) : ""),
    element("div", { class: "end" }, isMarked ? element("mark", {}, text) : text),
  )
}

function responseView(exchange: ShownExchange): HTMLElement {
  const { response, marks } = exchange
  const children: Child[] = [element("p", { class: "heading" }, "Response")]
  if (response) {
    const { status, headers, trailers, body, isCoded } = response
    const isStatus = marks.some(({ part }) => part === "status")
    const line = element("b", {}, String(status))
    children.push(
      element("div", { class: "wire start" }, "Status ", isStatus ? element("mark", {}, line) : line),
      headerBlock(headers, marks),
      isCoded && element("p", { class: "note" }, "The body is shown without its content coding."),
      ...chunkRows(exchange, body),
      trailers.length > 0 && headerBlock(trailers, []),
    )
  }
  return element("div", { class: "message response" }, ...children, endLine(exchange))
}

/** Scrolls what is longer than its frame to the first mark in it, and lets the keyboard scroll it. */
function showMarks(view: HTMLElement): void {
  for (const frame of view.querySelectorAll<HTMLElement>(".wire")) {
    if (frame.scrollHeight <= frame.clientHeight) continue
    frame.tabIndex = 0
    const mark = frame.querySelector("mark")
    if (!mark) continue
    frame.scrollTop +=
      mark.getBoundingClientRect().top - frame.getBoundingClientRect().top - frame.clientHeight / 3
  }
}

/** Shows an exchange: the request, the response as it arrived, with the marked bytes, and a timeline of its chunks. */
export function exchangeView(exchange: ShownExchange): HTMLElement {
  const view = element(
    "div",
    { class: "exchange" },
    timeline(exchange),
    requestView(exchange),
    responseView(exchange),
  )
  // It has a height only once it is on the page.
  requestAnimationFrame(() => showMarks(view))
  return view
}
