import type { ResponseItem, ResponseObject } from "@nexhina/schemas"
import type { Store } from "../../store.ts"

/** A response that can be asked for again, and the conversation that it belongs to. */
export interface StoredResponse {
  readonly response: ResponseObject
  /** What it was asked. */
  readonly input: readonly ResponseItem[]
  /** What was said before, when it answers on top of a previous response. */
  readonly earlier: readonly ResponseItem[]
}

/** All that was said up to the end of a response. */
export function conversationOf({ earlier, input, response }: StoredResponse): readonly ResponseItem[] {
  return [...earlier, ...input, ...response.output]
}

export async function keepResponse(store: Store, stored: StoredResponse): Promise<void> {
  const { response } = stored
  await store.set(responseKey(response.id), stored)
  for (const item of response.output) {
    if ("id" in item && typeof item.id === "string") await store.set(itemKey(item.id), response.id)
  }
}

export async function findResponse(store: Store, id: string): Promise<StoredResponse | undefined> {
  // Nothing but `keepResponse` writes there.
  return (await store.get(responseKey(id))) as StoredResponse | undefined
}

/** Whether there was one. Its items go with it. */
export function forgetResponse(store: Store, id: string): Promise<boolean> {
  return store.delete(responseKey(id))
}

/** The response that answered with an item. */
export async function findOwner(store: Store, itemId: string): Promise<StoredResponse | undefined> {
  const owner = await store.get(itemKey(itemId))
  return typeof owner === "string" ? findResponse(store, owner) : undefined
}

// Clients choose the ids that they ask for: neither prefix is one of the other.
const responseKey = (id: string) => `response:${id}`
const itemKey = (id: string) => `response-item:${id}`
