import { type AlterationKind, expectationOf } from "@nexhina/wire"
import { matches } from "../json-schema/pattern.ts"
import { nearestName } from "../nearest-name.ts"
import { isBase64 } from "../request/check-base64.ts"
import type { KnownAlterations } from "../response/alterations.ts"
import { fileHint, imagesIn } from "./images.ts"
import { impossibleConditions } from "./impossible-match.ts"
import { listFaults } from "./list-faults.ts"
import type { Predicate } from "./predicates.ts"
import { type Answer, caseHint, replySchema, type Scenario, scenarioSchema } from "./scenario.ts"
import {
  at,
  membersAt,
  type Path,
  pathText,
  quoted,
  schemaAt,
  slipsIn,
  unknownKey,
} from "./schema-members.ts"
import { bySpecificity, type Candidate, createSelector, type Selector, toCandidates } from "./select.ts"
import type { Subject } from "./subject.ts"
import { valueFault } from "./template.ts"

/** What is wrong with a list of scenarios. */
export interface ScenarioProblem {
  /** Place in the list: the index of a scenario, then the path within it. */
  readonly path: readonly (string | number)[]
  /** What is wrong and what to do, in one sentence without its full stop. */
  readonly message: string
  /** Id of the scenario, if it has one. */
  readonly id?: string
  /** Index of another scenario that is involved. */
  readonly other?: number
}

/** Thrown for scenarios that cannot be used. The message lists every problem. */
export class ScenarioError extends TypeError {
  readonly problems: readonly ScenarioProblem[]

  constructor(problems: readonly ScenarioProblem[]) {
    super(problems.map(problemText).join("\n"))
    this.name = "ScenarioError"
    this.problems = problems
  }
}

function problemText({ path, id, message }: ScenarioProblem): string {
  const scenario = id === undefined ? "" : ` (scenario '${shownId(id)}')`
  return `scenarios${pathText(path)}${scenario}: ${sentence(message)}`
}

/** Returns the id of what may be a scenario. */
export function idOf(value: unknown): string | undefined {
  const id = at(value, ["id"])
  return typeof id === "string" ? id : undefined
}

/** Returns an id as a message shows it: in one line of limited length. */
export function shownId(id: string): string {
  return id.slice(0, 64).replaceAll(/\s+/g, " ")
}

/** Ends a message as a sentence. */
export function sentence(message: string): string {
  return message.endsWith("?") ? message : `${message}.`
}

/**
 * Checks a list of scenarios and creates their selector. `placeOf` names a scenario without an id. Returns the problems
 * when there are some: unknown members, wrong types, duplicate ids, and pairs of which one can never win.
 */
export function checkScenarios(
  list: readonly unknown[],
  placeOf: (index: number) => string,
  alterations?: KnownAlterations,
): { readonly selector: Selector } | { readonly problems: readonly ScenarioProblem[] } {
  const kinds = alterations && new Map(alterations.map(({ id, kind }) => [id, kind]))
  const problems: ScenarioProblem[] = []
  const indexes = new Map<Candidate, number>()
  list.forEach((value, index) => {
    const found = problemsOf(value, kinds)
    problems.push(...found.map(({ path, message }) => ({ path: [index, ...path], message })))
    if (found.length > 0) return
    // Without a problem it is a scenario.
    for (const candidate of toCandidates(value as Scenario, placeOf(index))) indexes.set(candidate, index)
  })
  const candidates = [...indexes.keys()]
  const selector = createSelector(candidates)
  problems.push(
    ...duplicateIds(list),
    ...definiteTies(candidates, selector, (each) => indexes.get(each) ?? 0),
  )
  return problems.length > 0 ? { problems: problems.map(named) } : { selector }

  function named(problem: ScenarioProblem): ScenarioProblem {
    const id = idOf(list[Number(problem.path[0])])
    return id === undefined ? problem : { ...problem, id }
  }
}

/** The known ids of defects and variants, with their kinds. */
type AlterationKinds = ReadonlyMap<string, AlterationKind | undefined>

function problemsOf(value: unknown, kinds?: AlterationKinds): ScenarioProblem[] {
  const parsed = scenarioSchema().safeParse(value)
  if (!parsed.success) return withoutEchoes(parsed.error.issues.flatMap((issue) => explained(issue, value)))
  const { answer, fail, steps } = parsed.data
  const places: [(string | number)[], Answer | undefined][] = [
    [["answer"], answer],
    ...(steps ?? []).map((each, index): [(string | number)[], Answer] => [["steps", index], each]),
  ]
  return [
    ...places.flatMap(([path, each]) => (each ? problemsOfAnswer(each, path, kinds) : [])),
    ...places.flatMap(([path]) => slipsOfTools(path, value)),
    ...problemsOfReply(parsed.data, value),
    ...problemsOfIds({ defect: fail?.defect }, ["fail"], kinds),
    ...impossibleConditions(parsed.data),
  ]
}

/** Returns the members of hosted tools that are misspelt. */
function slipsOfTools(path: Path, value: unknown): ScenarioProblem[] {
  const place = [...path, "hostedTools"]
  const slips = slipsIn(schemaAt(scenarioSchema(), place, value), at(value, place))
  return slips.map((slip) => ({ ...slip, path: [...place, ...slip.path] }))
}

/** Returns what is wrong with the members of a reply. What they leave out is generated. */
function problemsOfReply({ match, answer }: Scenario, value: unknown): ScenarioProblem[] {
  const schema = match.operation && replySchema(match.operation)
  if (answer?.reply === undefined || schema === undefined) return []
  const { reply } = answer
  const issues = schema.safeParse(reply).error?.issues ?? []
  const wrong = issues
    .flatMap((issue) => explained({ ...issue, path: ["answer", "reply", ...issue.path] }, value))
    // Images have a check of their own.
    .filter(({ path }) => at(value, path) !== undefined && path.at(-1) !== "b64_json")
  const others = [...slipsIn(schema, reply), ...listFaults(reply)]
  return [...wrong, ...others.map(({ path, message }) => ({ path: ["answer", "reply", ...path], message }))]
}

/** Returns what is wrong with the types and names of the conditions of a `match`, with paths within it. */
export function problemsOfMatch(match: unknown): readonly ScenarioProblem[] {
  const scenario = { match, answer: {} }
  const { error } = scenarioSchema().safeParse(scenario)
  const problems = error?.issues.flatMap((issue) => explained(issue, scenario)) ?? []
  return problems.flatMap(({ path: [member, ...path], message }) =>
    member === "match" ? [{ path, message }] : [],
  )
}

function problemsOfAnswer(
  { json, reply, toolCalls = [], hostedTools, defect, variant }: Answer,
  path: readonly (string | number)[],
  kinds: AlterationKinds | undefined,
): ScenarioProblem[] {
  const values: [(string | number)[], unknown][] = [
    [["json"], json],
    [["reply"], reply],
    ...(hostedTools ?? []).map((item, index): [(string | number)[], unknown] => [
      ["hostedTools", index],
      item,
    ]),
    ...toolCalls.map((call, index): [(string | number)[], unknown] => [
      ["toolCalls", index, "arguments"],
      call.arguments,
    ]),
  ]
  const faults = values.flatMap(([inner, value]) => {
    const message = valueFault(value)
    return message === undefined ? [] : [{ path: [...path, ...inner], message }]
  })
  const images = imagesIn(reply ?? {}, []).flatMap(({ path: inner, value }) =>
    typeof value === "string" && isBase64(value)
      ? []
      : [{ path: [...path, "reply", ...inner], message: fileHint(value) ?? "expected an image in base64" }],
  )
  return [...faults, ...images, ...problemsOfIds({ defect, variant }, path, kinds)]
}

function problemsOfIds(
  members: Readonly<Record<string, string | readonly string[] | undefined>>,
  path: readonly (string | number)[],
  kinds: AlterationKinds | undefined,
): ScenarioProblem[] {
  if (kinds === undefined) return []
  return Object.entries(members).flatMap(([name, ids]) =>
    [ids ?? []].flat().flatMap((id, index) => {
      const place = typeof ids === "string" ? [...path, name] : [...path, name, index]
      if (!kinds.has(id)) return [{ path: place, message: unknownAlteration(id, kinds) }]
      const kind = kinds.get(id)
      if (kind === undefined || kind === name) return []
      const remedy =
        path[0] === "fail"
          ? ", which is legal. Use a defect, a status or a fault"
          : `. Use '${kind}' instead of '${name}'`
      return [{ path: place, message: `'${id}' is a ${kind}${remedy}` }]
    }),
  )
}

function unknownAlteration(id: string, known: AlterationKinds): string {
  if (known.size === 0) {
    return `no defect or variant has the id '${id}': the mock was given no defects. Pass 'alterations: [...defects, ...variants]' of @nexhina/defects`
  }
  const nearest = nearestName(id, [...known.keys()])
  const hint = nearest === undefined ? "See the catalogue in docs/defects.md" : `Did you mean '${nearest}'?`
  return `no defect or variant has the id '${id}'. ${hint}`
}

/** Leaves out what follows from a misspelt name: that the member it is meant to be is missing. */
function withoutEchoes(problems: readonly ScenarioProblem[]): ScenarioProblem[] {
  const unknown = problems.filter(({ message }) => message.startsWith("unknown key"))
  const parents = new Set(unknown.map(({ path }) => nameOf(path.slice(0, -1))))
  const meant = new Set(
    unknown.map(({ path, message }) => nameOf(path.slice(0, -1), /'([^']*)'\?$/.exec(message)?.[1])),
  )
  return problems.filter(
    ({ path, message }) =>
      !parents.has(nameOf(path)) && !(message.endsWith("' is missing") && meant.has(nameOf(path))),
  )
}

function nameOf(path: readonly (string | number)[], member?: string): string {
  return JSON.stringify(member === undefined ? path : [...path, member])
}

type Issue = NonNullable<
  ReturnType<ReturnType<typeof scenarioSchema>["safeParse"]>["error"]
>["issues"][number]

/** The members that an object at a path may have, by the last name in the path that is not free. */
function explained(issue: Issue, value: unknown): ScenarioProblem[] {
  const path = issue.path.filter((key) => typeof key !== "symbol")
  const given = at(value, path)
  if (given instanceof RegExp) return [{ path, message: regExpMessage(given, path) }]
  switch (issue.code) {
    case "unrecognized_keys":
      return issue.keys.map((key) => ({
        path: [...path, key],
        message: unknownKey(key, membersAt(scenarioSchema(), path, value)),
      }))
    case "invalid_union":
      return explainedUnion(issue, path, value)
    case "invalid_type":
      if (at(value, path) === undefined)
        return [{ path, message: `'${path.at(-1) ?? "scenario"}' is missing` }]
      return [{ path, message: mismatch([a(issue.expected)], at(value, path)) }]
    case "invalid_value":
      return [{ path, message: invalidValue(at(value, path), issue.values.map(String)) }]
    default:
      return [{ path, message: expectationOf(issue) }]
  }
}

function invalidValue(given: unknown, allowed: readonly string[]): string {
  if (given === undefined) return `expected one of ${quoted(allowed)}`
  const nearest = typeof given === "string" ? nearestName(given, allowed) : undefined
  const hint = nearest === undefined ? `Expected one of ${quoted(allowed)}` : `Did you mean '${nearest}'?`
  return `invalid value ${JSON.stringify(given)}. ${hint}`
}

type UnionIssue = Extract<Issue, { code: "invalid_union" }>

/** Explains the branch of a union that a value comes closest to: the one that accepts its type. */
function explainedUnion(
  issue: UnionIssue,
  path: readonly (string | number)[],
  value: unknown,
): ScenarioProblem[] {
  // A union of objects that are told apart by a member has no branch for another value of it.
  if ("discriminator" in issue) {
    const options = "options" in issue && Array.isArray(issue.options) ? issue.options.map(String) : []
    return [{ path, message: invalidValue(at(value, path), options) }]
  }
  const branches = issue.errors.map((issues) =>
    issues.map((inner) => ({ ...inner, path: [...path, ...inner.path] })),
  )
  const rejectsType = (inner: Issue) => inner.code === "invalid_type" && inner.path.length === path.length
  const accepting = branches.find((issues) => !issues.some((inner) => rejectsType(inner as Issue)))
  if (accepting) return accepting.flatMap((inner) => explained(inner as Issue, value))
  const expected = branches
    .flat()
    .flatMap((inner) => (inner.code === "invalid_type" ? [a(inner.expected)] : []))
  return [{ path, message: mismatch(expected, at(value, path)) }]
}

/** Only code can give one: a file has texts. */
function regExpMessage({ source, ignoreCase }: RegExp, path: readonly (string | number)[]): string {
  const text = JSON.stringify(source)
  const remedy = path.at(-1) === "matches" ? text : `{ matches: ${text} }`
  const hint = ignoreCase ? `. ${caseHint}` : ""
  return `expected a text, but got a regular expression. Write ${remedy}${hint}`
}

function mismatch(expected: readonly string[], value: unknown): string {
  const isBraced = typeof value === "object" && value !== null && expected.includes("a string")
  const file = fileHint(value)
  if (isBraced && file !== undefined) return file
  const isPlain = value === null || ["number", "boolean"].includes(typeof value)
  const hint = isBraced
    ? ". Quote a text that begins with '{' or '['"
    : isPlain && expected.includes("a string")
      ? ". Put a text in quotes"
      : ""
  return `expected ${expected.join(" or ")}, but got ${typeName(value)}${hint}`
}

function typeName(value: unknown): string {
  if (value === null) return "null"
  return Array.isArray(value) ? a("array") : a(typeof value)
}

function a(type: string): string {
  const name = { int: "integer", record: "object" }[type] ?? type
  return name === "null" || name === "undefined" ? name : `${/^[aio]/.test(name) ? "an" : "a"} ${name}`
}

function duplicateIds(list: readonly unknown[]): ScenarioProblem[] {
  const first = new Map<unknown, number>()
  return list.flatMap((scenario, index) => {
    const id = idOf(scenario)
    if (id === undefined) return []
    const other = first.get(id)
    if (other === undefined) first.set(id, index)
    if (other === undefined) return []
    const message = `the id '${id}' is used twice. Rename one of the scenarios`
    return [{ path: [index, "id"], message, other }]
  })
}

/**
 * Returns the pairs of equally specific scenarios of which one can never answer: every request that it matches, the
 * other one matches too.
 */
function definiteTies(
  candidates: readonly Candidate[],
  { index }: Selector,
  at: (candidate: Candidate) => number,
): ScenarioProblem[] {
  const problems: ScenarioProblem[] = []
  const reported = new Set<Candidate>()
  const sameMatch = new Map<string, Candidate>()
  const report = (candidate: Candidate, other: Candidate) => {
    const later = at(candidate) > at(other) ? candidate : other
    if (reported.has(later)) return
    reported.add(later)
    problems.push(tie(candidate, other, at))
  }
  for (const candidate of candidates) {
    const text = matchText(candidate)
    const same = sameMatch.get(text)
    if (same) report(candidate, same)
    else sameMatch.set(text, candidate)
    if (!candidate.predicates.some(({ kind }) => kind === "substring")) continue
    for (const other of index.find(witness(candidate))) {
      if (other === candidate || bySpecificity(candidate, other) !== 0) continue
      if (other.predicates.every((predicate) => isImplied(predicate, candidate.predicates)))
        report(candidate, other)
    }
  }
  return problems
}

function tie(candidate: Candidate, other: Candidate, at: (candidate: Candidate) => number): ScenarioProblem {
  const message =
    `'${candidate.name}' can never answer: every request that it matches also matches '${other.name}', ` +
    "and neither is more specific. Give one of them a 'priority' or a narrower match"
  return { path: [at(candidate), "match"], message, other: at(other) }
}

function matchText({ scenario, predicates }: Candidate): string {
  const parts = predicates.map(({ path, kind, value }) => JSON.stringify([path, kind, value])).sort()
  return `${scenario.priority ?? 0} ${parts.join(" ")}`
}

/** Returns a request that has just the texts that the predicates name. */
function witness({ predicates }: Candidate): Subject {
  const valuesOf = (path: string) => predicates.filter((each) => each.path === path).map(({ value }) => value)
  const oneOf = (path: string) => valuesOf(path)[0] ?? ""
  return {
    // It only looks candidates up, and an operation that no contract has finds none.
    operation: oneOf("operation") as Subject["operation"],
    model: oneOf("model"),
    user: oneOf("user"),
    system: oneOf("system"),
    messages: valuesOf("message"),
    toolResults: valuesOf("toolResult"),
    turns: Number(oneOf("turns")),
    step: Number(oneOf("step")),
    scope: oneOf("scope"),
    header: (name) => valuesOf(`headers.${name}`)[0],
  }
}

/** Returns whether a predicate holds for every request for which the others hold. */
function isImplied(predicate: Predicate, others: readonly Predicate[]): boolean {
  const { path, kind, value, pattern } = predicate
  return others.some((other) => {
    if (other.path !== path) return false
    if (other.kind === kind && other.value === value) return true
    if (other.kind === "exact" && pattern) return matches(pattern, other.value)
    return (
      kind === "substring" &&
      other.kind !== "pattern" &&
      other.kind !== "presence" &&
      other.value.includes(value)
    )
  })
}
