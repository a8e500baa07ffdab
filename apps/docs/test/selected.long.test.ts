import { type Defect, defects, type Variant, variants } from "@nexhina/defects"
import { createMock, type Mock } from "@nexhina/mock"
import { type ProfileName, profiles } from "@nexhina/schemas"
import { headerOf, type MockRequest, type Reply } from "@nexhina/wire"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { type DigestRequest, digestRequests } from "./digest-requests.ts"
import { confined, digestOf, digestOptions } from "./reply-digests.ts"

/*
 * A standing defect keeps to one operation, so that one rule finds it. One that a request selects acts on whatever the
 * request is, or the reply says that it does not.
 */

const utf8 = new TextEncoder()
const text = new TextDecoder()

function bodyOf({ body }: MockRequest): unknown {
  try {
    return JSON.parse(text.decode(body))
  } catch {
    return undefined
  }
}

/** Returns a request as clients send it, and as it is refused: by its key, its JSON, its type and its model. */
function others({ name, ask, ...request }: DigestRequest): DigestRequest[] {
  const from = (lang: string): MockRequest => ({
    ...ask,
    headers: [
      ...ask.headers,
      ["x-stainless-lang", lang],
      ["accept", "application/json"],
      ["transfer-encoding", "chunked"],
    ],
  })
  const withBody = (body: string): MockRequest => ({ ...ask, body: utf8.encode(body) })
  const asks: readonly (readonly [string, MockRequest])[] = [
    ["openai-node", from("js")],
    ["openai-python", from("python")],
    [
      "wrong key",
      {
        ...ask,
        headers: [...ask.headers.slice(0, 1), ["authorization", "Bearer no"], ...ask.headers.slice(2)],
      },
    ],
    ...(typeof bodyOf(ask) === "object"
      ? ([
          ["broken", withBody("{")],
          ["list", withBody("[]")],
          ["wrong type", withBody(JSON.stringify({ ...Object(bodyOf(ask)), model: 1 }))],
          ["unknown model", withBody(JSON.stringify({ ...Object(bodyOf(ask)), model: "absent" }))],
        ] as const)
      : []),
  ]
  return asks.map(([how, ask]) => ({ ...request, name: `${name}, ${how}`, ask }))
}

const formOf = (each: DigestRequest) => `${each.operation} ${isStreamAsked(each)}`

/** The first request of each operation, whole and streamed, with its other forms, and those of no operation. */
const requests = digestRequests
  .filter(
    (each, at, all) =>
      each.operation === undefined || all.findIndex((other) => formOf(other) === formOf(each)) === at,
  )
  .flatMap((each) => [each, ...(each.operation === undefined ? [] : others(each))])
  .concat(digestRequests.filter(({ name }) => name === "head"))

function isStreamAsked({ ask }: DigestRequest): boolean {
  return Object(bodyOf(ask)).stream === true
}

/** A request, and the reply to it without any alteration. */
interface Case extends DigestRequest {
  readonly reply: Reply
}

type Kind = (each: Case) => boolean

const isOf =
  (...statuses: readonly number[]): Kind =>
  ({ reply }) =>
    statuses.includes(reply.status)
/** Whether the profile has the operation of the request. */
const isOperation: Kind = ({ operation, name, reply }) =>
  (operation !== undefined || name === "no key") && !String(reply.body).includes('"unknown_url"')
const hasBody: Kind = ({ reply }) => Object(reply.body).length !== 0
const typeOf = ({ reply }: Case) => headerOf(reply.headers, "content-type")
const isJson: Kind = (each) => typeOf(each) === "application/json"
const isStream: Kind = (each) => isOf(200)(each) && isStreamAsked(each)
const hasHeader =
  (name: string, value: string): Kind =>
  ({ ask }) =>
    headerOf(ask.headers, name) === value
const all =
  (...kinds: readonly Kind[]): Kind =>
  (each) =>
    kinds.every((kind) => kind(each))

const jsonSuccess = all(isOf(200), isJson, hasBody)
const refusal = all(({ reply }) => reply.status >= 400, isJson, hasBody)
const parsed: Kind = ({ ask }) => bodyOf(ask) !== undefined
const broken: Kind = (each) => each.name.endsWith("broken")

/** The replies on which each alteration acts that a request selects, if that is more than it does as a standing one. */
const kinds: readonly (readonly [string, Kind, readonly string[]])[] = [
  [
    "every reply",
    () => true,
    [
      "http-silent",
      "http-hung-up",
      "http-remaining-above-limit",
      "http-remaining-none",
      "http-reset-in-words",
    ],
  ],
  [
    "every reply of an operation",
    isOperation,
    [
      "http-required-not-offered",
      "err-html-413",
      "err-429-no-retry-after",
      "err-429-retry-soon",
      "http-not-offered-501",
      "http-not-offered-404",
      "http-busy",
      "auth-no-access",
      "err-edge-page",
      "err-edge-object",
      "err-quota",
    ],
  ],
  [
    "every body",
    hasBody,
    [
      "http-two-framings",
      "http-cut-short",
      "http-stalled",
      "http-length-in-characters",
      "http-gzip-by-name-only",
      "http-gzip-unfinished",
    ],
  ],
  ["every content-type", (each) => typeOf(each) !== undefined, ["http-two-content-types"]],
  ["every success", isOf(200), ["http-created-201"]],
  ["every success with a body", all(isOf(200), hasBody), ["http-body-empty"]],
  [
    "every success in JSON",
    jsonSuccess,
    [
      "http-endless",
      "http-too-large",
      "http-too-deep",
      "http-too-many",
      "http-lone-surrogate",
      "http-body-latin1",
      "http-body-bom",
      "http-done-after-json",
      "http-body-unfinished",
      "http-body-html",
      "sse-label-on-json",
      "sse-on-nonstream",
    ],
  ],
  ["every number", all(jsonSuccess, ({ reply }) => /":\[?-?\d/.test(String(reply.body))), ["http-body-nan"]],
  [
    "every stream",
    isStream,
    [
      "conn-closes-after-stream",
      "err-midstream-text",
      "err-midstream-unseen",
      "err-midstream-goes-on",
      "sse-content-type-absent",
      "sse-content-type-json",
      "stream-ignored",
      "sse-stream-hangs-zero-bytes",
      "sse-open-after-done",
      "err-stream-never-terminated",
      "sse-pings-for-ever",
      "err-midstream-silent-close",
      "bare-media-type",
      "charset-parameter",
    ],
  ],
  [
    "every refusal",
    refusal,
    ["http-error-as-text", "http-error-unlabelled", "err-200-validation-error", "err-200-unknown-model"],
  ],
  ["every 400", all(refusal, isOf(400)), ["err-500-fuzz-endpoints", "err-plain-text"]],
  ["broken JSON", all(isOf(400), broken), ["err-malformed-422", "err-malformed-415", "err-unreadable-422"]],
  ["JSON that is not as documented", all(isOf(400), parsed), ["err-out-of-range-404", "err-422"]],
  [
    "an unknown model",
    all(isOf(404), isOperation, ({ name }) => name.endsWith("unknown model")),
    [
      "err-unknown-model-backend-error",
      "err-unknown-model-405",
      "err-unknown-model-400",
      "err-unknown-model-403",
    ],
  ],
  [
    "a refused stream",
    all(isOf(400), isStreamAsked),
    ["err-stream-validation-200", "err-stream-validation-422"],
  ],
  [
    "a wrong key",
    all(isOf(401), ({ name }) => name !== "no key"),
    ["auth-wrong-key-400", "auth-wrong-key-403"],
  ],
  ["openai-node", all(isOf(200), hasHeader("x-stainless-lang", "js")), ["client-node-headers-refused"]],
  [
    "openai-python",
    all(isOf(200), hasHeader("x-stainless-lang", "python")),
    ["client-python-headers-refused"],
  ],
  [
    "JSON accepted for a stream",
    all(isStream, hasHeader("accept", "application/json")),
    ["client-accept-json-stream-refused"],
  ],
  [
    "a body in chunks",
    all(isOf(200), hasHeader("transfer-encoding", "chunked")),
    ["client-chunked-body-refused", "client-length-required"],
  ],
]

const alterations: readonly (Defect | Variant)[] = [...defects, ...variants]
const wider = alterations.filter((each) => each.wider !== undefined)

test("what acts on more when a request selects it acts on replies of one kind", () => {
  expect(kinds.flatMap(([, , ids]) => ids).toSorted()).toEqual(wider.map(({ id }) => id).toSorted())
})

/** Returns the replies to all requests, with the header that selects one alteration. */
async function repliesOf(mock: Mock, selecting?: Defect | Variant): Promise<Case[]> {
  await mock.reset()
  const cases: Case[] = []
  for (const { ask, ...request } of requests) {
    const selector = selecting && ([`x-mock-${selecting.kind}`, selecting.id] as const)
    const headers = selector ? [...ask.headers, selector] : ask.headers
    cases.push({ ...request, ask, reply: await mock.handle({ ...ask, headers }) })
  }
  return cases
}

const digestsOf = (cases: readonly Case[]) => Promise.all(cases.map(({ reply }) => digestOf(reply)))

describe.each(Object.keys(profiles) as ProfileName[])("profile %s", (profile) => {
  const mocks = [wider, wider.map(confined)].map((alterations) =>
    createMock({ ...digestOptions, profile, alterations }),
  )
  afterAll(() => Promise.all(mocks.map((mock) => mock.close())))
  let plain: readonly Case[] = []
  beforeAll(async () => {
    plain = await repliesOf(mocks[0] as Mock)
  })
  const kindOf = new Map(kinds.flatMap(([name, kind, ids]) => ids.map((id) => [id, { name, kind }] as const)))

  test.each(wider.map((each) => [each.id, each] as const))(
    "%s acts on every reply of its kind when a request selects it, and the others say that it does not",
    async (id, alteration) => {
      const [asSelected, asStanding] = mocks
      const kind = kindOf.get(id)?.kind
      if (!asSelected || !asStanding || !kind) throw new Error(`no kind of reply is known for ${id}`)
      const before = await digestsOf(plain)
      const cases = await repliesOf(asSelected, alteration)
      const after = await digestsOf(cases)
      const standing = await digestsOf(await repliesOf(asStanding, alteration))
      const named = (where: (at: number) => boolean) =>
        requests.flatMap(({ name }, at) => (where(at) ? [name] : []))
      const changed = named((at) => before[at] !== after[at])
      const acts = (at: number) => headerOf(cases[at]?.reply.headers ?? [], "x-mock-inactive") === undefined
      expect(named(acts)).toEqual(changed)
      expect(changed).toEqual(plain.filter(kind).map(({ name }) => name))
      expect(changed).toEqual(expect.arrayContaining(named((at) => before[at] !== standing[at])))
    },
  )
})
