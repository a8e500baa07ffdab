import type { Probe } from "../probe.ts"
import { askFor } from "../requests/ask.ts"
import { cheapest, inBase64 } from "../requests/images.ts"
import type { TargetFacts } from "../target/facts.ts"
import type { Step } from "../target/step.ts"

/** Returns a step that requests one cheap image, with additional `members`. */
export const imageStep = (known: TargetFacts, members: object = {}): Step =>
  askFor("createImage", {
    model: known.models.image,
    prompt: "A red circle on a white ground",
    ...cheapest(known),
    ...members,
  })

/** One image in the default form. */
export const oneImage: Probe = {
  id: "images.one",
  says: "one image",
  asks: (known) => [imageStep(known)],
}

/** One image in base64, which can be inspected. */
export const base64Image: Probe = {
  id: "images.base64",
  says: "one image in base64",
  asks: (known) => [imageStep(known, inBase64(known))],
}
