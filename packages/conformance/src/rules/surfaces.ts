import type { Surface } from "@nexhina/schemas"
import { lackText } from "../evidence.ts"
import type { Probe } from "../probe.ts"
import { oneWord } from "../probes/audio.ts"
import { plainChat } from "../probes/chat-completions.ts"
import { embeddingText } from "../probes/embeddings.ts"
import { oneImage } from "../probes/images.ts"
import { listModels } from "../probes/models.ts"
import { moderationText } from "../probes/moderations.ts"
import { rerankTexts } from "../probes/rerank.ts"
import { plainResponse } from "../probes/responses.ts"
import { oneVideo } from "../probes/video.ts"
import { rule } from "../rule.ts"
import { offers } from "../views/offers.ts"

/** The smallest request to each surface. */
const smallest: Readonly<Record<Surface, Probe>> = {
  models: listModels,
  chat: plainChat,
  responses: plainResponse,
  embeddings: embeddingText,
  moderations: moderationText,
  images: oneImage,
  audio: oneWord,
  video: oneVideo,
  rerank: rerankTexts,
}

export const offersRequired = rule({
  id: "http.offers-required",
  since: "0.1.0",
  says: "MUST offer every surface named with `--require`",
  severity: ({ required }) => (required.size > 0 ? "MUST" : "not-applicable"),
  source: "the run's own --require",
  on: offers,
  scope: "run",
  asks: (known) => [...known.required].flatMap((surface) => smallest[surface].asks(known)),
  faults: { "not-offered": "no endpoint of a required surface is available" },
  alike: (offer) => JSON.stringify(offer),
  holds(responses, { required, unproven }, times) {
    if (responses.some(({ isCertain }) => !isCertain)) return { undecided: lackText.fault }
    const bySurface = new Map<Surface, { readonly of: number; readonly isOffered: boolean }[]>()
    for (const [of, { surface, kind, isOffered }] of responses.entries()) {
      if (surface === undefined) continue
      const asked = bySurface.get(surface) ?? []
      // Nothing was asked of it but whether some model answers, and none did.
      const isAnswerable = kind === undefined || !unproven.has(kind)
      asked.push({ of, isOffered: isAnswerable && isOffered })
      bySurface.set(surface, asked)
    }
    const missing = [...required].flatMap((surface) => {
      const asked = bySurface.get(surface) ?? []
      const [first] = asked
      if (!first || asked.some(({ isOffered }) => isOffered)) return []
      const all = asked.reduce((sum, { of }) => sum + (times[of] ?? 1), 0)
      const actual = `${responses[first.of]?.status} for all ${all} requests`
      return [
        {
          fault: "not-offered" as const,
          of: first.of,
          at: { part: "status" } as const,
          expected: `${surface} to be offered`,
          actual,
        },
      ]
    })
    const unasked = [...required].filter((surface) => !bySurface.has(surface))
    return missing.length === 0 && unasked.length > 0
      ? { undecided: `nothing was asked of ${unasked.join(", ")}` }
      : missing
  },
})

export const surfaceRules = [offersRequired]
