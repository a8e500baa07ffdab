import { piecesOf } from "../shown-bytes.ts"
import { element, visible } from "./element.ts"

/** Splits at line feeds and at what `visible` escapes. */
const special = /(\n|(?:[^\P{Cc}\t\n]|[\p{Bidi_Control}\u200b\u2028\u2029\ufeff])+)/u

/** Returns nodes that show bytes: line feeds with a sign, what is invisible or not UTF-8 as escapes. */
export function byteNodes(bytes: Uint8Array): Node[] {
  return piecesOf(bytes).flatMap(({ text, isEscape }) => {
    if (isEscape) return [element("span", { class: "escape" }, text)]
    return text.split(special).map((piece, at): Node => {
      if (at % 2 === 0) return document.createTextNode(piece)
      if (piece === "\n") return element("span", { class: "lf" }, "\n")
      const shown = piece.replaceAll("\r", "\\r").replaceAll("\0", "\\0")
      return element("span", { class: "escape" }, visible(shown))
    })
  })
}
