import { statSync } from "node:fs"
import { type DerivedScenario, type Recording, scenariosFrom } from "@nexhina/mock/recordings"
import { createRedactor, credentialsIn } from "@nexhina/wire"
import { Document, isNode, isScalar, isSeq, visit } from "yaml"
import { counted } from "./counted.ts"
import { readable, UsageError } from "./readable.ts"
import { isRecordingFile } from "./recording-file.ts"
import { type RecordingFolder, readFiles, readFolder } from "./recordings-folder.ts"
import { writeNew } from "./write-new.ts"

/** The command that makes scenarios from recordings. */
export interface Derivation {
  readonly name: "scenario"
  /** Files and folders. */
  readonly inputs: readonly string[]
  /** A file that does not exist. Default: standard output. */
  readonly output?: string
}

/**
 * Writes the scenarios of recordings as YAML, and warnings to standard error. Exits with 2 if no scenario could be
 * derived.
 */
export async function deriveScenarios({ inputs, output }: Omit<Derivation, "name">): Promise<void> {
  try {
    const { recordings, unfinished } = await readInputs(inputs)
    const { scenarios, warnings } = scenariosFrom(withoutCredentials(recordings))
    for (const warning of warnings) console.error(`warning: ${warning}`)
    if (unfinished > 0) console.error(`warning: left out: ${counted(unfinished, "unfinished recording")}`)
    if (scenarios.length === 0) throw new Error(`no scenario can be made from ${inputs.join(", ")}`)
    const text = toYaml(scenarios)
    if (output === undefined) process.stdout.write(text)
    else {
      await writeNew(output, text)
      console.log(`${counted(scenarios.length, "scenario")} written to ${output}`)
    }
  } catch (error) {
    console.error(`error: ${(error as Error).message}`)
    process.exitCode = 2
  }
}

async function readInputs(inputs: readonly string[]): Promise<RecordingFolder> {
  const recordings: Recording[] = []
  let unfinished = 0
  for (const input of inputs) {
    const isFolder = readable(input, () => statSync(input).isDirectory())
    if (!isFolder && !isRecordingFile(input)) {
      throw new UsageError(`cannot read '${input}': expected a folder, or a file *.ndjson or *.har`)
    }
    const read = await (isFolder ? readFolder(input) : readFiles([input]))
    recordings.push(...read.recordings)
    unfinished += read.unfinished
  }
  return { recordings, unfinished }
}

/** Archives of browsers contain the credentials as they were sent. */
function withoutCredentials(recordings: readonly Recording[]): Recording[] {
  const redactor = createRedactor([...new Set(recordings.flatMap(({ exchange }) => credentialsIn(exchange)))])
  return recordings.map(({ name, exchange }) => ({ name, exchange: redactor.exchange(exchange) }))
}

function toYaml(derived: readonly DerivedScenario[]): string {
  const document = new Document(
    { scenarios: derived.map(({ scenario }) => scenario) },
    { aliasDuplicateObjects: false },
  )
  // A line for each number of an embedding could not be read.
  visit(document, {
    Seq(_, list) {
      if (list.items.every((item) => isScalar(item) && typeof item.value === "number")) list.flow = true
    },
  })
  const list = document.get("scenarios")
  derived.forEach(({ notes }, index) => {
    const node = isSeq(list) ? list.items[index] : undefined
    if (!isNode(node) || notes.length === 0) return
    node.commentBefore = notes.map((note) => ` Not in this answer: ${note}.`).join("\n")
  })
  return document.toString({ lineWidth: 0 })
}
