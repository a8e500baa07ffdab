import type { IncomingMessage } from "node:http"
import type { Mock } from "@nexhina/mock"
import { readScenarios } from "@nexhina/mock/yaml"
import { catalogue } from "./catalogue.ts"

/** Status and JSON value of a reply of the control API. */
export type ControlReply = readonly [status: number, value: object]

/** Maximum size of scenarios that are sent, in bytes (chosen). */
const maxBytes = 2 ** 25

const alterations: ReadonlySet<string> = new Set(catalogue.map(({ id }) => id))

/** Replies to `GET`: the scenarios in use and the counters of their faults. */
export function readControl({ scenarios: { list, faults } }: Mock): ControlReply {
  return [200, { scenarios: list, faults }]
}

/** Replies to `PUT`: replaces all scenarios by those in the body, a file of scenarios in YAML or JSON. */
export async function replaceControl(
  { scenarios: control }: Mock,
  request: IncomingMessage,
): Promise<ControlReply> {
  const text = await bodyOf(request)
  if (text === undefined) return [413, { problems: [`The body is larger than ${maxBytes} bytes.`] }]
  const { scenarios, places, problems } = readScenarios([{ name: "body", text }], alterations)
  if (problems.length > 0) return [400, { problems }]
  control.replace(scenarios, places)
  return [200, { loaded: scenarios.length }]
}

async function bodyOf(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > maxBytes) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}
