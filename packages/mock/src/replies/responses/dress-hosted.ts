import type { ResponseOutputItem } from "@nexhina/schemas"
import { digest, digestText } from "../../content/random.ts"
import type { HostedItem } from "../utterance/hosted-tools.ts"
import type { OutputFrame } from "./dress.ts"
import { itemId } from "./input.ts"

/**
 * Returns the item of a hosted tool, with an id and a status. Results, sources and outputs that the request does not ask
 * for in `include` are left out, as OpenAI does.
 */
export function dressHosted(
  item: HostedItem,
  index: number,
  { request: { include }, identity }: OutputFrame,
): ResponseOutputItem {
  const includes = (name: string) => include?.includes(name) === true
  const id = item.id ?? itemId(item.type, `output ${index}`, identity)
  switch (item.type) {
    case "web_search_call": {
      const { action } = item
      const shown =
        action?.type === "search" && !includes("web_search_call.action.sources")
          ? { ...action, sources: undefined }
          : action
      return { status: "completed", ...item, id, ...(action !== undefined && { action: shown }) }
    }
    case "file_search_call": {
      const results = includes("file_search_call.results") ? (item.results ?? []) : null
      return { status: "completed", ...item, id, results }
    }
    case "code_interpreter_call": {
      const container_id = `cntr_${digestText(digest("container", identity))}`
      const outputs = includes("code_interpreter_call.outputs") ? (item.outputs ?? []) : null
      return { status: "completed", container_id, ...item, id, outputs }
    }
    case "image_generation_call":
      return { status: "completed", ...item, id }
    default:
      return { ...item, id }
  }
}
