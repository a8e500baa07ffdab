import type { Exchange } from "@nexhina/transcript"
import { type Answered, answeredOf } from "../answered.ts"
import { plainChat } from "../probes/chat-completions.ts"
import { view } from "../view.ts"

/** Every exchange, answered or not. */
export const everyExchange = view<Exchange>({
  id: "exchanges",
  says: "all exchanges",
  surface: "http",
  probes: [plainChat],
  of: (exchange) => exchange,
})

/** Every exchange in which a status line came. */
export const everyResponse = view<Answered>({
  id: "responses",
  says: "all responses",
  surface: "http",
  probes: [plainChat],
  of: answeredOf,
})
