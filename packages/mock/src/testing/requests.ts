import { endpoints, type OperationId, profiles } from "@nexhina/schemas"
import { type Exchange, headerOf } from "@nexhina/wire"
import { budget } from "../json-schema/budget.ts"
import { requireKnownNames } from "../known-names.ts"
import type { Mock } from "../mock.ts"
import { Refusal } from "../refusal.ts"
import { isForm, readForm } from "../request/form.ts"
import { createRouter } from "../request/route.ts"
import { readJson, validate } from "../request/validate.ts"
import { problemsOfMatch, sentence } from "../scenarios/check.ts"
import { actual, expectation, predicatesOf } from "../scenarios/predicates.ts"
import { readSubject } from "../scenarios/read-subject.ts"
import { type Match, matchMembers } from "../scenarios/scenario.ts"
import { pathText } from "../scenarios/schema-members.ts"
import { createSubject, type Subject } from "../scenarios/subject.ts"
import { asText, differenceOf, isMatcher } from "./difference.ts"

/** What a request must have: the conditions of a scenario's `match`, and more. By default, the operation is any. */
export interface RequestQuery extends Match {
  /** Members of the request body, with their values. The body may have more; lists must be complete. */
  readonly body?: object
  /** Status of the reply. */
  readonly status?: number
}

/** A request that a mock has received. */
export interface SentRequest {
  /** Undefined when the API has no such operation. */
  readonly operation: OperationId | undefined
  readonly method: string
  /** Path below the base URL, such as `/chat/completions`. */
  readonly path: string
  /** The JSON body, or the fields of a form; undefined without either. */
  readonly body: unknown
  /** Status of the reply; undefined when none was sent. */
  readonly status: number | undefined
  /** The bytes of the request and of its reply. */
  readonly exchange: Exchange
}

/**
 * Returns the requests that a mock has received, oldest first: all except CORS preflights, or those with the given members.
 */
export function requestsOf(mock: Pick<Mock, "exchanges">, query: RequestQuery = {}): readonly SentRequest[] {
  return judge(mock, query)
    .filter(({ differences }) => differences.length === 0)
    .map(({ request }) => request)
}

/** Returns the only request with the given members. Throws an error that describes the others when there is not exactly one. */
export function expectRequest(mock: Pick<Mock, "exchanges">, query: RequestQuery = {}): SentRequest {
  const [request] = requireCount(mock, 1, query, expectRequest)
  // The count was checked.
  return request as SentRequest
}

/** Returns the requests with the given members. Throws an error that describes the others when their number is different. */
export function expectRequests(
  mock: Pick<Mock, "exchanges">,
  count: number,
  query: RequestQuery = {},
): readonly SentRequest[] {
  return requireCount(mock, count, query, expectRequests)
}

/** A request, and what is different from a query. */
interface Judgement {
  /** Its number, from 1, not counting preflights. */
  readonly number: number
  readonly request: SentRequest
  readonly differences: readonly string[]
}

/** Number of requests that a message describes. */
const maxShown = 10

function requireCount(
  mock: Pick<Mock, "exchanges">,
  count: number,
  query: RequestQuery,
  caller: (...args: never) => unknown,
): readonly SentRequest[] {
  const judgements = judge(mock, query)
  const found = judgements.filter(({ differences }) => differences.length === 0)
  if (found.length === count) return found.map(({ request }) => request)
  // Too many: those that match are of interest. Too few: what is different in the others.
  const told = found.length > count ? found : judgements
  const lines = told.slice(0, maxShown).map(({ number, request: { method, path, status }, differences }) => {
    const outcome = differences.length === 0 ? "matches" : differences.join("; ")
    return `${number}. ${method} ${path} (${status ?? "no reply"}): ${outcome}`
  })
  const more = told.length > maxShown ? [`and ${told.length - maxShown} more`] : []
  const wanted = `${count} ${count === 1 ? "request" : "requests"}${described(query)}`
  const got = judgements.length === 0 ? "no request at all" : `${found.length} of ${judgements.length}`
  const error = new Error([`Expected ${wanted}, but got ${got}.`, ...lines, ...more].join("\n"))
  error.name = "AssertionError"
  // The first line of the trace is the test's.
  Error.captureStackTrace(error, caller)
  throw error
}

function described(query: RequestQuery): string {
  return Object.keys(query).length === 0 ? "" : ` with ${asText(query)}`
}

/** Throws a `TypeError` for a condition of a wrong type, which would hold for any request, or for none. */
function requireMatch(match: Match): void {
  const matcher = Object.entries(match).find(([, value]) => isMatcher(value))
  if (matcher) {
    throw new TypeError(
      `Invalid condition '${matcher[0]}': matchers such as ${asText(matcher[1])} are for 'body'. Write a text, { contains: text } or { matches: pattern }.`,
    )
  }
  const [problem] = problemsOfMatch(match)
  if (problem) {
    const path = pathText(problem.path).slice(1)
    throw new TypeError(`Invalid condition '${path}': ${sentence(problem.message)}`)
  }
}

/** Compares all requests with a query. Throws a `TypeError` for a condition that queries do not have, or of a wrong type. */
function judge({ exchanges }: Pick<Mock, "exchanges">, query: RequestQuery): readonly Judgement[] {
  requireKnownNames(query, [...matchMembers(), "body", "status"], "condition")
  const { body, status, ...match } = query
  requireMatch(match)
  const predicates = predicatesOf({ match })
  // Browsers send preflights by themselves: the application has not made these requests.
  const sent = exchanges.filter(({ request }) => request.method !== "OPTIONS")
  return sent.map((exchange, index) => {
    const request = read(exchange)
    const subject = subjectOf(request)
    const spend = budget()
    const differences = predicates
      .filter((predicate) => !predicate.holds(subject, spend))
      .map(
        (predicate) =>
          `${predicate.path}: expected ${expectation(predicate)}, but got ${actual(predicate, subject)}`,
      )
    const others = [
      body && differenceOf(body, request.body, "body"),
      status === undefined ? undefined : differenceOf(status, request.status, "status"),
    ]
    return {
      number: index + 1,
      request,
      differences: [...differences, ...others.filter((text) => text !== undefined)],
    }
  })
}

const routers = Object.values(profiles).map(createRouter)

function read(exchange: Exchange): SentRequest {
  const { method, target } = exchange.request
  const { pathname } = new URL(target)
  const [matched] = routers.map((route) => route(method, pathname)).filter(({ kind }) => kind === "operation")
  const operation = matched?.kind === "operation" ? matched.operationId : undefined
  return {
    operation,
    method,
    path: pathname.replace(/^\/v1(?=\/)/, ""),
    body: bodyOf(exchange, operation),
    status: exchange.response?.status,
    exchange,
  }
}

function bodyOf({ request: { headers, body } }: Exchange, operation: OperationId | undefined): unknown {
  const contract = operation && contractOf(operation)
  const type = headerOf(headers, "content-type")
  if (body.length === 0) return undefined
  return unlessRefused(() =>
    isForm(type) ? contract && readForm(body, type, contract.schema) : readJson(body, type)(),
  )
}

function contractOf(operation: OperationId) {
  const contract = endpoints[operation]
  return "request" in contract ? contract.request : undefined
}

/** Returns what scenarios see of a request. One that is invalid has only its headers. */
function subjectOf({ operation, body, exchange }: SentRequest): Subject {
  const { headers } = exchange.request
  const contract = operation && contractOf(operation)
  const valid = contract && unlessRefused(() => validate(body, contract.schema, []))
  if (operation && valid !== undefined) return readSubject(operation, valid, headers)
  // An operation that no contract has matches no condition on it.
  return createSubject({ operation: operation ?? ("" as OperationId), request: undefined, headers })
}

/** Returns the result of reading what a client sent; undefined when it is not valid. */
function unlessRefused<Value>(read: () => Value): Value | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof Refusal) return undefined
    throw error
  }
}
