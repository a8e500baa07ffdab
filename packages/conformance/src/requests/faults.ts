import { type Endpoint, endpoints, type OperationId } from "@nexhina/schemas"
import * as fc from "fast-check"
import { z } from "zod"
import { arbitraryOf, checksOf, definitionOf } from "../drawing/arbitrary.ts"
import { draw } from "../drawing/draw.ts"
import type { RequestFault } from "../inputs/intent.ts"
import { isObject } from "../reading/answered.ts"
import type { Step } from "../target/step.ts"

type Schema = z.core.$ZodType
type Body = Readonly<Record<string, unknown>>
type Path = readonly (string | number)[]

/** The ways in which a body can break the contract or name an unknown model. */
export type BodyFault = Exclude<RequestFault["kind"], "unknown-path" | "wrong-method" | "too-large">

type MemberFault = Exclude<BodyFault, "malformed-json" | "not-an-object" | "malformed-form">

/** The id of a model that no server has. */
export const noSuchModel = "no-such-model"

/** One change to a request. The value `undefined` removes the member. */
interface Mutation {
  readonly path: Path
  readonly value: unknown
  readonly says: string
}

const accepts = (schema: Schema, value: unknown) => z.safeParse(schema, value).success

/** Returns a path as in `error.param`: `messages[0].role`. */
const paramOf = (path: Path) =>
  path.reduce<string>((param, key) => {
    if (typeof key === "number") return `${param}[${key}]`
    return param === "" ? key : `${param}.${key}`
  }, "")

function mutated(whole: unknown, [key, ...rest]: Path, value: unknown): unknown {
  if (key === undefined) return value
  if (Array.isArray(whole)) return whole.with(Number(key), mutated(whole[Number(key)], rest, value))
  const { [key]: old, ...others } = whole as Body
  const inner = mutated(old, rest, value)
  return inner === undefined ? others : { ...others, [key]: inner }
}

/** Returns the schemas of the values other than null. */
function forms(schema: Schema): readonly Schema[] {
  const def = definitionOf(schema)
  if (def.type === "optional" || def.type === "nullable") return forms(def.innerType)
  return def.type === "union" ? def.options.flatMap(forms) : [schema]
}

/** A member or element that the schema defines, present in the request or not. */
interface Place {
  readonly path: Path
  readonly schema: Schema
}

function placesIn(schema: Schema, value: unknown, path: Path): Place[] {
  const form = forms(schema).find((each) => accepts(each, value))
  const def = form && definitionOf(form)
  const place = (inner: Schema, key: string | number, held: unknown): Place[] => {
    const at = [...path, key]
    return [{ path: at, schema: inner }, ...(held === undefined ? [] : placesIn(inner, held, at))]
  }
  if (def?.type === "object" && isObject(value)) {
    return Object.entries(def.shape).flatMap(([name, member]) => place(member, name, value[name]))
  }
  if (def?.type === "array" && Array.isArray(value)) {
    return value.flatMap((item, index) => place(def.element, index, item))
  }
  return []
}

const isOptional = (schema: Schema) => definitionOf(schema).type === "optional"

/** Returns whether a member, or one in which it lies, may be left out. */
const isOptionalAt = (places: readonly Place[], path: Path): boolean =>
  places.some((place) => isOptional(place.schema) && place.path.every((key, at) => key === path[at]))

function missing(places: readonly Place[]): Mutation[] {
  return places
    .filter(({ path, schema }) => typeof path.at(-1) === "string" && !isOptional(schema))
    .map(({ path }) => ({ path, value: undefined, says: `${paramOf(path)} is missing` }))
}

/** A value of each JSON type that lenient parsers do not convert to another type. */
const typical = {
  "a string": "abc",
  "a fraction": 12.5,
  "a boolean": true,
  "an array": ["abc"],
  "an object": { abc: 1 },
  null: null,
} as const
type TypeName = keyof typeof typical
// `Object.keys` forgets the names.
const typeNames = Object.keys(typical) as TypeName[]

function typesOf(form: Schema): readonly TypeName[] {
  const def = definitionOf(form)
  switch (def.type) {
    case "string":
    case "enum":
    case "literal":
      return ["a string"]
    case "number": {
      const isInteger = "format" in def || checksOf(def.checks).some(({ check }) => check === "number_format")
      // Some read `true` as 1.
      return isInteger ? ["a boolean"] : ["a boolean", "a fraction"]
    }
    case "boolean":
      return ["a boolean"]
    case "array":
      return ["an array"]
    case "object":
    case "record":
      return ["an object"]
    case "null":
      return ["null"]
    case "file":
      return []
    default:
      return typeNames
  }
}

function wrongTypes(places: readonly Place[]): Mutation[] {
  return places.flatMap(({ path, schema }) => {
    const right = new Set(forms(schema).flatMap(typesOf))
    // Null is widely read as if the member were absent, which an optional one may be.
    if (accepts(schema, null) || isOptional(schema)) right.add("null")
    return typeNames
      .filter((type) => !right.has(type))
      .map((type) => ({ path, value: typical[type], says: `${paramOf(path)} is ${type}` }))
  })
}

/** Maximum length of a list that is made to exceed a limit. */
const longest = 200

/** Returns values a little and far out of range, each with a description of its fault. */
function outside(form: Schema): [value: unknown, says: string][] {
  const def = definitionOf(form)
  const checks = "checks" in def ? checksOf(def.checks) : []
  return checks.flatMap((check): [unknown, string][] => {
    if (check.check === "greater_than") {
      const least = Number(check.value)
      return [least - 1, -1e9].map((value) => [value, `is ${value}, below ${least}`])
    }
    if (check.check === "less_than") {
      const most = Number(check.value)
      return [most + 1, 1e9].map((value) => [value, `is ${value}, above ${most}`])
    }
    if (check.check === "min_length" && check.minimum > 0) {
      return [[def.type === "array" ? [] : "", "is empty"]]
    }
    if (check.check === "max_length" && check.maximum <= longest) {
      const length = check.maximum + 1
      if (def.type !== "array")
        return [["a".repeat(length), `has ${length} characters, over ${check.maximum}`]]
      const [element] = draw(arbitraryOf(def.element), 0, 1)
      return [[Array(length).fill(element?.value), `has ${length} elements, over ${check.maximum}`]]
    }
    return []
  })
}

function outOfRange(places: readonly Place[]): Mutation[] {
  return places.flatMap(({ path, schema }) =>
    forms(schema)
      .flatMap(outside)
      .map(([value, says]) => ({ path, value, says: `${paramOf(path)} ${says}` })),
  )
}

const noSuchTool = "no_such_tool"
const withoutTools: readonly Mutation[] = [
  { path: ["tool_choice"], value: "required", says: "tool_choice is required, but there are no tools" },
  {
    path: ["tool_choice"],
    value: { type: "function", name: noSuchTool, function: { name: noSuchTool } },
    says: "tool_choice names a tool that is missing from tools",
  },
]

/** Changes that break the checks of an operation, unless the rest of the request prevents it. */
const breakings: Partial<Record<OperationId, (body: Body) => readonly Mutation[]>> = {
  createChatCompletion: ({ messages }) => [
    ...withoutTools,
    { path: ["top_logprobs"], value: 2, says: "top_logprobs is set without logprobs" },
    {
      path: ["function_call"],
      value: { name: noSuchTool },
      says: "function_call names a function that is missing from functions",
    },
    {
      path: ["modalities"],
      value: ["text", "audio"],
      says: "modalities contains audio, but audio is not set",
    },
    {
      path: ["messages"],
      value: [...(messages as object[]), { role: "tool", content: "4" }],
      says: "the last message has the role tool and no tool_call_id",
    },
    {
      path: ["messages"],
      value: [...(messages as object[]), { role: "user" }],
      says: "the last message has the role user and no content",
    },
  ],
  createResponse: () => [
    ...withoutTools,
    {
      path: ["previous_response_id"],
      value: "resp_1",
      says: "previous_response_id is set together with conversation",
    },
  ],
  createEmbedding: () => [
    { path: ["dimensions"], value: 1_000_000, says: "dimensions is 1000000, above the maximum of the model" },
  ],
  createImage: () => [
    { path: ["n"], value: 2, says: "n is 2, but the model generates one image at a time" },
    { path: ["size"], value: "0x0", says: "size is 0x0" },
    {
      path: ["background"],
      value: "transparent",
      says: "background is transparent, but the output_format does not support transparency",
    },
    {
      path: ["prompt"],
      value: "a ".repeat(2001),
      says: "prompt has 4002 characters, above the maximum of the model",
    },
  ],
  createVideo: () => [
    { path: ["size"], value: "0x0", says: "size is 0x0" },
    { path: ["seconds"], value: "-4", says: "seconds is -4" },
  ],
  createTranscription: () => [
    {
      path: ["timestamp_granularities[]"],
      value: ["word"],
      says: "timestamp_granularities[] is set without response_format verbose_json",
    },
  ],
  createSpeech: () => [
    {
      path: ["instructions"],
      value: "Whisper.",
      says: "instructions is set, but the model does not support it",
    },
  ],
}

/** Ways to damage a JSON text. `at` is any number. */
const malformations: readonly ((text: string, at: number) => [rawBody: string, says: string])[] = [
  (text, at) => {
    const length = 1 + (at % (text.length - 1))
    return [text.slice(0, length), `the JSON ends after ${length} of ${text.length} characters`]
  },
  (text) => [`${text.slice(0, -1)},}`, "the JSON has a trailing comma"],
  (text) => [text.replaceAll('"', "'"), "the JSON has single quotes"],
  (text) => [text.replace(/:/, ':NaN,"x":'), "the JSON contains NaN"],
  (text) => [text.replace(/"(\w+)"/, "$1"), "the JSON has a name without quotes"],
  (text) => [text + text, "the JSON is repeated"],
]

const noObjects: readonly ((body: Body) => [body: unknown, says: string])[] = [
  (body) => [[body], "the body is an array"],
  () => [[], "the body is an empty array"],
  () => [null, "the body is null"],
  () => [1, "the body is a number"],
  () => ["model", "the body is a string"],
  (body) => [JSON.stringify(body), "the body is a string that contains JSON"],
]

const boundary = "cut"
const formType = `multipart/form-data; boundary=${boundary}`
const formPart = `--${boundary}\r\nContent-Disposition: form-data; name="model"\r\n\r\nno-such-model`

/** Bodies that no parser accepts as a form with all required fields. */
const noForms: readonly (readonly [rawBody: string, mediaType: string, says: string])[] = [
  [formPart, formType, "the form ends inside its first part"],
  [formPart.slice(0, 30), formType, "the form ends inside a header"],
  [`${formPart}\r\n--${boundary}--\r\n`, "multipart/form-data", "the content-type has no boundary"],
  ["", formType, "the form is empty"],
]

/** Returns a step with each of these bodies for an operation that expects a form. */
export const malformedForms = (operation: OperationId): Step[] =>
  noForms.map(([rawBody, mediaType, says]) => ({
    operation,
    rawBody,
    mediaType,
    fault: { kind: "malformed-form", says },
  }))

interface Contract {
  readonly operation: OperationId
  readonly isForm: boolean
  readonly schema: z.ZodObject
  readonly checks: Endpoint["checks"]
}

function contractOf(operation: OperationId): Contract {
  const { request, checks }: Endpoint = endpoints[operation]
  if (request?.schema instanceof z.ZodObject) {
    return {
      operation,
      isForm: request.mediaType === "multipart/form-data",
      schema: request.schema,
      checks,
    }
  }
  throw new Error(`faultySteps: ${operation} takes no object; choose an operation that does`)
}

const onlyOfJson: ReadonlySet<BodyFault> = new Set(["malformed-json", "not-an-object"])

/** Returns whether requests to an operation can have a kind of fault: a form cannot be malformed JSON, or the reverse. */
export const canHave = (kind: BodyFault, operation: OperationId): boolean =>
  contractOf(operation).isForm ? !onlyOfJson.has(kind) : kind !== "malformed-form"

const mutations: Readonly<Record<MemberFault, (body: Body, contract: Contract) => readonly Mutation[]>> = {
  missing: (body, { schema }) => missing(placesIn(schema, body, [])),
  // Whatever a form's field holds is text on the wire.
  "wrong-type": (body, { schema, isForm }) =>
    wrongTypes(placesIn(schema, body, [])).filter(({ value }) => !isForm || value === typical["a string"]),
  "out-of-range": (body, { schema }) => outOfRange(placesIn(schema, body, [])),
  check: (body, { operation }) => breakings[operation]?.(body) ?? [],
  "unknown-model": () => [{ path: ["model"], value: noSuchModel, says: "the model does not exist" }],
}

/** Returns the member that the error about a changed body must name; `undefined` when the body is still valid. */
function blamed(
  kind: MemberFault,
  { schema, checks }: Contract,
  body: unknown,
  path: Path,
): string | undefined {
  const { success, data } = schema.safeParse(body)
  if (kind === "check") return success ? checks.find(({ holds }) => !holds(data))?.param : undefined
  return success === (kind === "unknown-model") ? paramOf(path) : undefined
}

const turned = <T>(all: readonly T[], by: number): T[] => {
  const at = by % Math.max(all.length, 1)
  return [...all.slice(at), ...all.slice(0, at)]
}

/**
 * Creates requests with one fault of a kind from valid requests, as samples of one step. A sample is empty when its
 * request cannot have the fault. The contract decides what is a fault: the body is not JSON, not an object, not a
 * form, or rejected by the schema or a check. Only an unknown model is accepted by the schema.
 */
export function faultySteps(
  kind: BodyFault,
  operation: OperationId,
  requests: fc.Arbitrary<object>,
): fc.Arbitrary<readonly Step[]> {
  const contract = contractOf(operation)
  if (!canHave(kind, operation)) return fc.constant([])
  const anyNumber = fc.noBias(fc.nat())
  if (kind === "malformed-form") return fc.constantFrom(...malformedForms(operation)).map((step) => [step])
  if (kind === "malformed-json") {
    return fc.tuple(requests, fc.constantFrom(...malformations), anyNumber).map(([body, spoil, at]) => {
      const [rawBody, says] = spoil(JSON.stringify(body), at)
      return [{ operation, rawBody, fault: { kind, says } }]
    })
  }
  if (kind === "not-an-object") {
    return fc.tuple(requests, fc.constantFrom(...noObjects)).map(([whole, replace]) => {
      const [body, says] = replace(whole as Body)
      return [{ operation, body, fault: { kind, says } }]
    })
  }
  const names = Object.keys(contract.schema.shape)
  return fc.tuple(requests, fc.constantFrom(...names), anyNumber).map(([request, name, at]) => {
    const body = request as Body
    const all = mutations[kind](body, contract)
    // Each member of the request is as likely as another, however much there is inside it.
    const own = all.filter(({ path }) => path[0] === name)
    for (const { path, value, says } of [...turned(own, at), ...turned(all, at)]) {
      const changed = mutated(body, path, value)
      const param = blamed(kind, contract, changed, path)
      if (param === undefined) continue
      const optional = kind === "wrong-type" && isOptionalAt(placesIn(contract.schema, body, []), path)
      const fault = { kind, param, ...(optional && { isOptional: true as const }), says }
      return [{ operation, body: changed, fault }]
    }
    return []
  })
}

/** Requests to unknown paths. */
export const unknownPathSteps: fc.Arbitrary<readonly Step[]> = fc
  .constantFrom("/no-such-path", "/chat/no-such-path", "/no-such-path/gpt-4o")
  .map((path) => [
    {
      operation: "listModels",
      path,
      fault: { kind: "unknown-path", says: `the path ${path} does not exist` },
    },
  ])

/** Requests with methods that no endpoint supports: unlike GET and DELETE, OpenAI does not use them. */
export const wrongMethodSteps: fc.Arbitrary<readonly Step[]> = fc
  .tuple(
    fc.constantFrom("PUT", "PATCH"),
    fc.constantFrom<OperationId[]>(
      "createChatCompletion",
      "listModels",
      "createEmbedding",
      "createModeration",
    ),
  )
  .map(([method, operation]) => [
    { operation, method, fault: { kind: "wrong-method", says: `the path does not support ${method}` } },
  ])
