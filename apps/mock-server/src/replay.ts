import { createReplay, type Replay } from "@nexhina/mock/recordings"
import { counted } from "./counted.ts"
import { readFolder } from "./recordings-folder.ts"

export type { Replay }

/** What to answer from. */
export interface ReplaySettings {
  readonly folder: string
  /** Factor for the recorded times. */
  readonly speed: number
}

/** Creates a server that answers from the recordings of a folder. Throws an error that says what cannot be read. */
export async function openReplay(
  { folder, speed }: ReplaySettings,
  onCrash: (error: unknown) => void,
): Promise<Replay> {
  const { recordings, unfinished } = await readFolder(folder)
  if (recordings.length === 0) {
    const why =
      unfinished > 0
        ? `its ${counted(unfinished, "exchange")} had not ended when the recorder was ended. Record again`
        : "files *.ndjson or *.har"
    throw new Error(`${folder} contains no recordings (${why})`)
  }
  if (unfinished > 0) console.error(`warning: ${unfinished} unfinished recordings in ${folder} are left out`)
  return createReplay({ recordings, speed, onCrash })
}
