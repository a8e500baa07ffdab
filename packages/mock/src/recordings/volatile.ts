/**
 * Members of a request body that recordings are not matched on: labels of the caller that change from run to run and
 * do not change the reply. Everything else is matched: `stream_options`, `store` and `service_tier` change the bytes of
 * a reply, and `previous_response_id` is the id of a reply that was replayed, and so the recorded one.
 */
export const volatileMembers = ["user", "safety_identifier", "prompt_cache_key", "metadata"] as const

/** Shorter runs of asterisks are text. Transcripts replace a secret by as many asterisks as it is long. */
const secretMark = /\*{8,}/g

/** Returns whether a secret was replaced in a text. */
export const hasSecretMark = (text: string): boolean => text.search(secretMark) !== -1

/**
 * Returns the value of a request body without what changes from run to run: `volatileMembers`, the ids of input items,
 * the lengths of redacted secrets, and the spelling of call ids, which are numbered in the order of their appearance:
 * which result belongs to which call still counts.
 */
export function withoutVolatile(body: unknown): unknown {
  if (!isObject(body)) return withoutSecrets(body)
  const numbers = new Map<string, string>()
  const numbered = (id: unknown) => {
    if (typeof id !== "string") return id
    const number = numbers.get(id) ?? `call ${numbers.size + 1}`
    numbers.set(id, number)
    return number
  }
  const kept = Object.entries(body)
    .filter(([name]) => !(volatileMembers as readonly string[]).includes(name))
    .map(([name, value]) => {
      if (name === "messages" && Array.isArray(value))
        return [name, value.map((one) => message(one, numbered))]
      if (name === "input" && Array.isArray(value)) return [name, value.map((one) => item(one, numbered))]
      return [name, value]
    })
  return withoutSecrets(Object.fromEntries(kept))
}

type Numbered = (id: unknown) => unknown
type Members = Readonly<Record<string, unknown>>

const isObject = (value: unknown): value is Members =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** Numbers the ids of a chat message: of its tool calls, or of the call whose result it is. */
function message(value: unknown, numbered: Numbered): unknown {
  if (!isObject(value)) return value
  const { tool_calls, tool_call_id } = value
  return {
    ...value,
    ...(Array.isArray(tool_calls) && {
      tool_calls: tool_calls.map((call: unknown) =>
        isObject(call) && "id" in call ? { ...call, id: numbered(call["id"]) } : call,
      ),
    }),
    ...(tool_call_id !== undefined && { tool_call_id: numbered(tool_call_id) }),
  }
}

/** Removes the id of an input item and numbers that of its call. A reference consists of its id, which stays. */
function item(value: unknown, numbered: Numbered): unknown {
  if (!isObject(value) || value["type"] === "item_reference") return value
  const { id: _, ...rest } = value
  return "call_id" in rest ? { ...rest, call_id: numbered(rest["call_id"]) } : rest
}

function withoutSecrets(value: unknown): unknown {
  if (typeof value === "string") return value.replace(secretMark, "********")
  if (Array.isArray(value)) return value.map(withoutSecrets)
  if (!isObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, withoutSecrets(member)]))
}
