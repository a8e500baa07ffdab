import type { ResponseStreamEvent } from "@nexhina/schemas"
import { encodeEvent, type StreamEvent } from "@nexhina/stream"

/** The event of the stream that carries an event of a response: named by its type. */
export function toStreamEvent(data: ResponseStreamEvent): StreamEvent {
  return { event: data.type, data }
}

/**
 * Writes what `encode` writes for the events of a response that `splitResponse` made. Most events of a text differ
 * in their number and one fragment only, so they are written as the first such event was, in a third of the time.
 */
export function encodeResponse(events: readonly ResponseStreamEvent[]): string {
  let part: string | undefined
  let around: Around = ["", "", ""]
  let text = ""
  for (const event of events) {
    if (event.type !== "response.output_text.delta" || event.logprobs?.length) {
      text += encodeEvent(toStreamEvent(event))
      continue
    }
    const { sequence_number, output_index, content_index, delta } = event
    const place = `${output_index} ${content_index}`
    if (part !== place) {
      part = place
      around = encodeAround(event)
    }
    text += around[0] + sequence_number + around[1] + JSON.stringify(delta) + around[2]
  }
  return text
}

/** What stands before the number, between it and the fragment, and after that. */
type Around = readonly [string, string, string]

type TextDelta = Extract<ResponseStreamEvent, { type: "response.output_text.delta" }>

function encodeAround(event: TextDelta): Around {
  const text = encodeEvent(toStreamEvent(event))
  const number = `"sequence_number":${event.sequence_number}`
  const fragment = `"delta":${JSON.stringify(event.delta)}`
  const numberEnd = text.indexOf(number) + number.length
  // The mock's ids hold no quotes, so that no other member looks like one of these.
  const fragmentEnd = text.indexOf(fragment) + fragment.length
  const numberStart = numberEnd - String(event.sequence_number).length
  const fragmentStart = fragmentEnd - JSON.stringify(event.delta).length
  return [text.slice(0, numberStart), text.slice(numberEnd, fragmentStart), text.slice(fragmentEnd)]
}
