import { endpoints } from "@nexhina/schemas"
import { type Match, type Scenario, spokenOperations } from "./scenario.ts"

/** A condition that no request can meet: its path, and why. */
interface ImpossibleCondition {
  readonly path: readonly string[]
  readonly message: string
}

/** Conditions on a conversation, which only chat completions and Responses have. */
const onConversation = ["system", "message", "toolResult", "step", "turns"] as const
/** Conditions on the body of a request. */
const onBody = ["model", "user"] as const

/** Returns the conditions of a scenario that no request can meet. */
export function impossibleConditions({ match, steps }: Scenario): ImpossibleCondition[] {
  return [
    ...unavailable(match),
    ...contradictory(match, steps !== undefined),
    ...repeatedHeaders(match.headers ?? {}),
  ].map(({ path, message }) => ({ path: ["match", ...path], message }))
}

/** Returns the conditions on what requests of the operation do not have. */
function unavailable(match: Match): ImpossibleCondition[] {
  const { operation } = match
  if (operation === undefined || spokenOperations.has(operation)) return []
  const contract = endpoints[operation]
  const hasBody = "request" in contract && contract.request !== undefined
  const missing = hasBody ? onConversation : [...onConversation, ...onBody]
  const what = hasBody ? "conversation" : "body"
  return missing
    .filter((name) => match[name] !== undefined)
    .map((name) => ({
      path: [name],
      message: `'${name}' never matches: requests of ${operation} have no ${what}. Remove it`,
    }))
}

function contradictory({ toolResult, step, turns, user }: Match, hasSteps: boolean): ImpossibleCondition[] {
  const problems: ImpossibleCondition[] = []
  const needsResult = toolResult !== undefined && toolResult !== false
  if (needsResult && (step === 0 || hasSteps)) {
    const first = hasSteps ? "the first of 'steps'" : "'step: 0'"
    problems.push({
      path: ["toolResult"],
      message: `'toolResult' never matches together with ${first}, which comes before any tool result. Remove one of them`,
    })
  }
  if (turns === 0 && user !== undefined && (typeof user === "string" ? user !== "" : user.contains)) {
    problems.push({
      path: ["turns"],
      message:
        "'turns: 0' never matches together with 'user': such a conversation has no text of the user. Remove one of them",
    })
  }
  return problems
}

/** Returns the headers that are given twice, in different cases. */
function repeatedHeaders(headers: NonNullable<Match["headers"]>): ImpossibleCondition[] {
  const names = Object.keys(headers)
  return names.flatMap((name, index) => {
    const other = names.slice(0, index).find((each) => each.toLowerCase() === name.toLowerCase())
    if (other === undefined) return []
    const message = `'${name}' and '${other}' are the same header. Remove one of them`
    return [{ path: ["headers", name], message }]
  })
}
