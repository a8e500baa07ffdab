/** What a scenario sets in a transcription. Members of another type count as left out. */
export interface Script {
  readonly text?: string
  /** In seconds. */
  readonly duration?: number
  readonly segments?: readonly ScriptedPiece[]
  readonly words?: readonly ScriptedPiece[]
}

/** A segment or a word, with its times in seconds. */
export interface ScriptedPiece {
  readonly text: string
  readonly start?: number
  readonly end?: number
}

/** Reads what a scenario sets in a transcription. */
export function readScript(members: object): Script {
  const text = textIn(members, "text")
  const duration = secondsIn(members, "duration")
  const segments = piecesIn(members, "segments", "text")
  const words = piecesIn(members, "words", "word")
  return {
    ...(text !== undefined && { text }),
    ...(duration !== undefined && { duration }),
    ...(segments && { segments }),
    ...(words && { words }),
  }
}

function piecesIn(members: object, name: string, textName: string): readonly ScriptedPiece[] | undefined {
  const list: unknown = Reflect.get(members, name)
  if (!Array.isArray(list) || list.length === 0) return undefined
  return list.filter(isObject).map((piece) => {
    const [start, end] = [secondsIn(piece, "start"), secondsIn(piece, "end")]
    return {
      text: textIn(piece, textName) ?? "",
      ...(start !== undefined && { start }),
      ...(end !== undefined && { end }),
    }
  })
}

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null

function textIn(members: object, name: string): string | undefined {
  const value: unknown = Reflect.get(members, name)
  return typeof value === "string" ? value : undefined
}

/** No recording lasts a day: subtitles could not show the time. */
const maxSeconds = 86_399

function secondsIn(members: object, name: string): number | undefined {
  const value: unknown = Reflect.get(members, name)
  return typeof value === "number" && value >= 0 && value <= maxSeconds ? value : undefined
}
