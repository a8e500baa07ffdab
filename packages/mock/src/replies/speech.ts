import { digest } from "../content/random.ts"
import type { ReplyMaker } from "../reply-maker.ts"
import { refuseStream } from "./not-streamed.ts"

/** The text in the mock's own voice: sung vowels in time with the letters. */
export const createSpeech: ReplyMaker<"createSpeech"> = async ({ request, models, seed, lane }) => {
  const { model, input, voice, response_format = "mp3", speed = 1 } = request
  models.require(model, "speech")
  refuseStream(request, { stream_format: "sse" }, "speech as events")
  // Most mocks are never asked to speak.
  const { speak } = await import("../audio/voice.ts")
  const { audioTypes, encodeSpeech } = await import("../audio/encode-speech.ts")
  const speech = speak(input, speed, digest(typeof voice === "string" ? voice : voice.id, seed))
  const body = await lane.run((pause) => encodeSpeech(speech, response_format, pause))
  return { mediaType: audioTypes[response_format], body }
}
