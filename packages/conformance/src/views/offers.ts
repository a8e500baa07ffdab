import { endpoints, type ModelKind, type Surface } from "@nexhina/schemas"
import { isProper } from "../evidence.ts"
import { kindOfOperation } from "../target/models.ts"
import { saysNotOffered } from "../target/offered.ts"
import { view } from "../view.ts"
import { everyResponse } from "./http.ts"

/** What a response shows of the surface that was asked for. Does not hold the response. */
export interface Offer {
  /** `undefined` when the request was not a valid one to an endpoint. */
  readonly surface: Surface | undefined
  /** The kind of model that the endpoint takes, if it takes one. */
  readonly kind: ModelKind | undefined
  readonly isOffered: boolean
  readonly status: number
  /** Whether it is known if the request was invalid on purpose. */
  readonly isCertain: boolean
}

/** Every response, as evidence of whether its endpoint is there. */
export const offers = view<Offer>({
  ...everyResponse,
  id: "http.offers",
  of(exchange) {
    const answered = everyResponse.of(exchange)
    if (!answered) return undefined
    const { operation, status } = answered
    return {
      surface: operation !== undefined && isProper(exchange) ? endpoints[operation].surface : undefined,
      kind: operation && kindOfOperation(operation),
      isOffered: !saysNotOffered(exchange),
      status,
      isCertain: exchange.fault.basis !== "unknown",
    }
  },
})
