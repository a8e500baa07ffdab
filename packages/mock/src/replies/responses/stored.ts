import type { ResponseItem, ResponseObject } from "@nexhina/schemas"
import type { Store } from "../../store.ts"

/** A response that can be retrieved, and its link to the conversation before it. */
export interface StoredResponse {
  readonly response: ResponseObject
  /** The input items of its request. */
  readonly input: readonly ResponseItem[]
}

/** A deleted response: only what later responses of the conversation build on. */
interface DeletedResponse {
  readonly deleted: true
  readonly input: readonly ResponseItem[]
  readonly response: Pick<ResponseObject, "output" | "previous_response_id">
}

/** How long a response is stored, in milliseconds: 30 days, as OpenAI documents. */
const keptMs = 30 * 86_400_000

/** Stores a response and the owner of each of its output items. */
export async function keepResponse(store: Store, stored: StoredResponse): Promise<void> {
  const { response } = stored
  await store.set(responseKey(response.id), stored, keptMs)
  for (const id of itemIds(response)) await store.set(itemKey(id), response.id, keptMs)
}

/** Returns a response; undefined when it is unknown or deleted. */
export async function findResponse(store: Store, id: string): Promise<StoredResponse | undefined> {
  const link = await findLink(store, id)
  return link && "deleted" in link ? undefined : link
}

/**
 * Returns every item of the conversation that ends with a response, by following the links back. Returns undefined when
 * that response is unknown or deleted, or when the store has dropped an earlier one.
 */
export async function conversationOf(store: Store, id: string): Promise<readonly ResponseItem[] | undefined> {
  const turns: (readonly ResponseItem[])[] = []
  let link: StoredResponse | DeletedResponse | undefined = await findResponse(store, id)
  while (link !== undefined) {
    const { input, response } = link
    turns.push([...input, ...response.output])
    if (response.previous_response_id == null) return turns.reverse().flat()
    link = await findLink(store, response.previous_response_id)
  }
  return undefined
}

/** Deletes a response and its items. Later responses of the same conversation keep their past. */
export async function deleteStored(store: Store, { response, input }: StoredResponse): Promise<void> {
  const { output, previous_response_id } = response
  const deleted: DeletedResponse = { deleted: true, input, response: { output, previous_response_id } }
  await store.set(responseKey(response.id), deleted, keptMs)
  for (const id of itemIds(response)) await store.delete(itemKey(id))
}

/** Returns the response that has an output item. */
export async function findOwner(store: Store, itemId: string): Promise<StoredResponse | undefined> {
  const owner = await store.get(itemKey(itemId))
  return typeof owner === "string" ? findResponse(store, owner) : undefined
}

async function findLink(store: Store, id: string): Promise<StoredResponse | DeletedResponse | undefined> {
  // Only this file writes values with such keys.
  return (await store.get(responseKey(id))) as StoredResponse | DeletedResponse | undefined
}

function itemIds({ output }: Pick<ResponseObject, "output">): string[] {
  return output.flatMap((item) => ("id" in item && typeof item.id === "string" ? [item.id] : []))
}

// Clients choose the ids that they ask for: neither prefix is one of the other.
const responseKey = (id: string) => `response:${id}`
const itemKey = (id: string) => `response-item:${id}`
