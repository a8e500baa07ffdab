import type { OperationId } from "@nexhina/schemas"
import { type Header, headerOf } from "@nexhina/wire"
import type { SpokenMessage } from "../replies/utterance/decide.ts"

/** The facts of a request that scenarios match on. Each is computed when it is first read. */
export interface Subject {
  readonly operation: OperationId
  /** "" when the operation has no model. */
  readonly model: string
  /** The last text of the user; for operations without a conversation the input, prompt or query. */
  readonly user: string
  readonly system: string
  /** All texts of the conversation. */
  readonly messages: readonly string[]
  /** The tool results at the end of the conversation. */
  readonly toolResults: readonly string[]
  /** How often tools have answered since the last text of the user; the results of parallel calls count once. */
  readonly step: number
  /** Number of messages of the user. */
  readonly turns: number
  /** Value of `x-mock-scope`, "" when absent. */
  readonly scope: string
  header(name: string): string | undefined
}

/** What a subject is made of. */
export interface SubjectSource {
  readonly operation: OperationId
  /** The validated body; undefined for operations without one. */
  readonly request: unknown
  readonly headers: readonly Header[]
  /** Reads the conversation. Default: none, and `user` is the input of the request. */
  readonly messages?: () => readonly SpokenMessage[]
}

/** The request header that names the scope of a request, so that parallel tests do not see each other. */
const scopeHeader = "x-mock-scope"

/** Creates the subject of a request. */
export function createSubject({ operation, request, headers, messages }: SubjectSource): Subject {
  let said: readonly SpokenMessage[] | undefined
  let user: string | undefined
  let system: string | undefined
  let texts: readonly string[] | undefined
  let toolResults: readonly string[] | undefined
  const conversation = () => {
    said ??= messages?.() ?? []
    return said
  }
  return {
    operation,
    model: textAt(request, "model"),
    get user() {
      user ??= messages === undefined ? inputOf(request) : lastUserText(conversation())
      return user
    },
    get system() {
      system ??= textsOf(conversation().filter(({ role }) => role === "system")).join("\n")
      return system
    },
    get messages() {
      texts ??= textsOf(conversation())
      return texts
    },
    get toolResults() {
      toolResults ??= textsOf(
        conversation().slice(conversation().findLastIndex(({ role }) => role !== "tool") + 1),
      )
      return toolResults
    },
    get step() {
      return stepOf(conversation())
    },
    get turns() {
      return conversation().reduce((count, { role }) => count + (role === "user" ? 1 : 0), 0)
    },
    get scope() {
      return headerOf(headers, scopeHeader) ?? ""
    },
    header: (name) => headerOf(headers, name),
  }
}

function textsOf(messages: readonly SpokenMessage[]): readonly string[] {
  return messages.map(({ text }) => text)
}

function stepOf(messages: readonly SpokenMessage[]): number {
  const start = messages.findLastIndex(({ role }) => role === "user") + 1
  return messages.slice(start).reduce((count, { role }, place, turn) => {
    return count + (role === "tool" && turn[place - 1]?.role !== "tool" ? 1 : 0)
  }, 0)
}

function lastUserText(messages: readonly SpokenMessage[]): string {
  return messages.findLast(({ role }) => role === "user")?.text ?? ""
}

function inputOf(request: unknown): string {
  for (const name of ["prompt", "input", "query"]) {
    const text = textAt(request, name)
    if (text !== "") return text
  }
  return ""
}

/** Returns a member that is a text, or a list of texts joined by line breaks; "" for all others. */
function textAt(request: unknown, name: string): string {
  if (typeof request !== "object" || request === null || !Object.hasOwn(request, name)) return ""
  const value: unknown = Reflect.get(request, name)
  if (typeof value === "string") return value
  return Array.isArray(value) ? value.filter((item) => typeof item === "string").join("\n") : ""
}
