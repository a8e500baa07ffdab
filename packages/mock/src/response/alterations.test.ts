import type { Alteration, NamedAlteration } from "@nexhina/wire"
import { expect, test } from "vitest"
import { createMock } from "../mock.ts"

const alterations: readonly NamedAlteration[] = [
  { id: "same", stage: "value", apply: (value) => value },
  { id: "copy", stage: "value", apply: (value) => structuredClone(value) },
  { id: "value", stage: "value", apply: () => ({}) },
  {
    id: "needs-choices",
    stage: "value",
    apply: (value) => ({ choices: (value as { choices: object[] }).choices.map(() => ({})) }),
  },
  { id: "events", stage: "events", apply: (events) => events.slice(1) },
  {
    id: "bytes-copy",
    stage: "bytes",
    apply: (frames) => frames.map(({ bytes }) => ({ bytes: bytes.slice() })),
  },
  { id: "bytes-late", stage: "bytes", apply: (frames) => frames.map((frame) => ({ ...frame, atMs: 1 })) },
  {
    id: "bytes-other",
    stage: "bytes",
    apply: (frames) => frames.map(({ bytes }) => ({ bytes: bytes.map(() => 32) })),
  },
  { id: "bytes-apart", stage: "bytes", apply: (frames) => [{ bytes: new Uint8Array() }, ...frames] },
  { id: "wire-copy", stage: "wire", apply: (reply) => ({ ...reply, headers: [...reply.headers] }) },
  { id: "wire", stage: "wire", apply: (reply) => ({ ...reply, status: 202 }) },
]

async function inactive(selected: string, stream = false, path = "/v1/chat/completions"): Promise<unknown> {
  const { handle } = createMock({ alterations, always: [{ id: "same", rate: 1 }] })
  const body = JSON.stringify({ model: "gpt-4o", stream, messages: [{ role: "user", content: "a" }] })
  const headers = [
    ["authorization", "Bearer sk-x"],
    ["x-mock-defect", selected],
  ] as const
  const reply = await handle({ method: "POST", target: path, headers, body: new TextEncoder().encode(body) })
  return Object.fromEntries(reply.headers)["x-mock-inactive"]
}

test("a defect that changes nothing of this reply is named in a header (E15)", async () => {
  expect(await inactive("same")).toBe("same")
  expect(await inactive("copy, bytes-copy, wire-copy")).toBe("copy, bytes-copy, wire-copy")
  expect(await inactive("events")).toBe("events")
  expect(await inactive("value", false, "/v1/unknown")).toBeUndefined()
  expect(await inactive("events,wire", false, "/v1/unknown")).toBe("events")
})

test("a defect that changes a request does not act where the request is refused", async () => {
  const { handle } = createMock({
    strictModels: true,
    alterations: [
      { id: "request", stage: "request", apply: (request) => ({ ...Object(request), stream: false }) },
    ],
  })
  const ask = async (members: object) => {
    const body = { model: "gpt-4o", stream: true, messages: [{ role: "user", content: "a" }], ...members }
    const { status, headers } = await handle({
      method: "POST",
      target: "/v1/chat/completions",
      headers: [
        ["authorization", "Bearer sk-x"],
        ["x-mock-defect", "request"],
      ],
      body: new TextEncoder().encode(JSON.stringify(body)),
    })
    return [status, Object.fromEntries(headers)["x-mock-inactive"]]
  }
  expect(await ask({})).toEqual([200, undefined])
  expect(await ask({ stream: false })).toEqual([200, "request"])
  expect(await ask({ model: "gpt-unknown" })).toEqual([404, "request"])
  expect(await ask({ messages: [] })).toEqual([400, "request"])
})

test.each([
  ["GET", "/v1/media/image.png?seed=a&width=16&height=16&background=opaque&quality=100"],
  ["HEAD", "/v1/models"],
  ["OPTIONS", "/v1/models"],
  ["GET", "/v1/unknown"],
  ["PUT", "/v1/models"],
])(
  "%s %s: defects of the stage `wire` act on every reply, and it has a request id (E14)",
  async (method, target) => {
    const { handle } = createMock({ alterations })
    const ask = async (defect: string) => {
      const headers = [
        ["authorization", "Bearer sk-x"],
        ["x-mock-defect", defect],
      ] as const
      const reply = await handle({ method, target, headers, body: new Uint8Array() })
      return { status: reply.status, ...Object.fromEntries(reply.headers) }
    }
    expect(await ask("wire")).toMatchObject({ status: 202, "x-request-id": expect.stringMatching(/^req_/) })
    expect(await ask("events")).toMatchObject({ "x-mock-inactive": "events" })
  },
)

test("a defect that acts is not named, nor is one that the request did not select", async () => {
  expect(await inactive("value, wire")).toBeUndefined()
  expect(await inactive("events", true)).toBeUndefined()
  expect(await inactive("bytes-late, bytes-other, bytes-apart")).toBeUndefined()
  expect(await inactive("")).toBeUndefined()
})

test("a defect that finds nothing to change in what another one has left is inactive, and the reply is sent", async () => {
  expect(await inactive("value, needs-choices")).toBe("needs-choices")
  expect(await inactive("needs-choices, value")).toBeUndefined()
})

test("a header with a rate acts on that fraction of the requests, chosen by their hash", async () => {
  const { handle } = createMock({ alterations })
  const statusOf = async (share: string, user: string) => {
    const body = JSON.stringify({ model: "gpt-4o", messages: [{ role: "user", content: user }] })
    const headers = [
      ["authorization", "Bearer sk-x"],
      ["x-mock-defect", share],
    ] as const
    const target = "/v1/chat/completions"
    return (await handle({ method: "POST", target, headers, body: new TextEncoder().encode(body) })).status
  }
  const texts = Array.from({ length: 60 }, (_, place) => `text ${place}`)
  const struck = async (share: string) => {
    const statuses = await Promise.all(texts.map((text) => statusOf(share, text)))
    return statuses.filter((status) => status === 202).length
  }
  expect([await struck("wire@0"), await struck("wire@1"), await struck("wire")]).toEqual([0, 60, 60])
  const half = await struck("wire@0.5")
  expect(half).toBeGreaterThan(10)
  expect(half).toBeLessThan(50)
  expect(await struck("wire@0.5")).toBe(half)
  for (const wrong of ["wire@", "wire@2", "wire@x"]) expect(await statusOf(wrong, "a")).toBe(400)
})

test("alterations that a function loads are loaded once, for the first request or setting that names one", async () => {
  let loads = 0
  const mock = createMock({
    alterations: async () => {
      loads++
      return alterations
    },
  })
  const ask = async (...headers: (readonly [string, string])[]) => {
    const all = [["authorization", "Bearer sk-x"], ...headers] as const
    const { status } = await mock.handle({
      method: "GET",
      target: "/v1/models",
      headers: all,
      body: new Uint8Array(),
    })
    return status
  }
  expect([await ask(), loads]).toEqual([200, 0])
  expect(() => mock.settings.set({ defect: "wire" })).toThrow("No defect or variant has the id 'wire'")
  const wire = ["x-mock-defect", "wire"] as const
  expect([await Promise.all([ask(wire), ask(wire)]), await ask(["x-mock-variant", "none"]), loads]).toEqual([
    [202, 202],
    400,
    1,
  ])
  await mock.loadAlterations()
  mock.settings.set({ defect: "wire" })
  expect([await ask(), loads]).toEqual([202, 1])
})

test("a standing alteration needs a list", () => {
  const always = [{ id: "wire", rate: 1 }]
  expect(() => createMock({ alterations: async () => alterations, always })).toThrow(
    "No defect or variant has the id 'wire'",
  )
})

test("a variant is not selected as a defect, nor a defect as a variant; one without a kind is both", async () => {
  const status = (reply: number) =>
    ({ stage: "wire", apply: (sent) => ({ ...sent, status: reply }) }) as const satisfies Alteration
  const alterations: readonly NamedAlteration[] = [
    { id: "wrong", kind: "defect", ...status(201) },
    { id: "legal", kind: "variant", ...status(202) },
    { id: "own", ...status(203) },
  ]
  const mock = createMock({ alterations })
  const ask = async (name: string, id: string) => {
    const { status, body } = await mock.handle({
      method: "GET",
      target: "/v1/models",
      headers: [
        ["authorization", "Bearer sk-x"],
        [name, id],
      ],
      body: new Uint8Array(),
    })
    return status === 400 ? JSON.parse(String(body)).error : status
  }
  expect(await ask("x-mock-defect", "wrong")).toBe(201)
  expect(await ask("x-mock-variant", "legal")).toBe(202)
  expect([await ask("x-mock-defect", "own"), await ask("x-mock-variant", "own")]).toEqual([203, 203])
  expect(await ask("x-mock-defect", "wrong, legal@0.5")).toMatchObject({
    message: "'legal' is a variant. Use 'x-mock-variant' instead of 'x-mock-defect'.",
    param: "x-mock-defect",
  })
  expect(await ask("x-mock-variant", "wrong")).toMatchObject({
    message: "'wrong' is a defect. Use 'x-mock-defect' instead of 'x-mock-variant'.",
    param: "x-mock-variant",
  })
  expect(() => mock.settings.set({ defect: "legal" })).toThrow(
    "Invalid setting 'defect': 'legal' is a variant. Use 'variant' instead of 'defect'.",
  )
  expect(() => mock.settings.set({ variant: "wrong" })).toThrow(
    "Invalid setting 'variant': 'wrong' is a defect. Use 'defect' instead of 'variant'.",
  )
  expect(mock.settings.list).toEqual([])
  const starting = { id: "counted", kind: "defect", ...status(201), start: () => status(201) } as const
  expect(() => createMock({ alterations: [starting] }).settings.set({ variant: "counted" })).toThrow(
    "is a defect",
  )
})

test("a request, a setting and a scenario select the wider form of an alteration, and a standing one keeps to its own (E15)", async () => {
  const sending = (status: number, operation?: string): Alteration => ({
    stage: "wire",
    apply: (reply, { operationId }) =>
      operation === undefined || operationId === operation ? { ...reply, status } : reply,
  })
  const confined = { ...sending(201, "createEmbedding"), wider: sending(201) }
  const alterations: readonly NamedAlteration[] = [
    { id: "busy", ...confined },
    { id: "counted", ...confined, start: () => confined },
  ]
  const ask = async (options: Parameters<typeof createMock>[0], named?: string, setting?: string) => {
    const mock = createMock({ alterations, ...options })
    if (setting !== undefined) mock.settings.set({ scope: "one test", defect: setting })
    const { status, headers } = await mock.handle({
      method: "POST",
      target: "/v1/chat/completions",
      headers: [
        ["authorization", "Bearer sk-x"],
        ["x-mock-scope", "one test"],
        ...(named === undefined ? [] : ([["x-mock-defect", named]] as const)),
      ],
      body: new TextEncoder().encode('{"model":"gpt-4o","messages":[{"role":"user","content":"a"}]}'),
    })
    return [status, Object.fromEntries(headers)["x-mock-inactive"]]
  }
  for (const id of ["busy", "counted"]) {
    expect(await ask({ always: [{ id, rate: 1 }] })).toEqual([200, undefined])
    expect(await ask({}, id)).toEqual([201, undefined])
    expect(await ask({}, undefined, id)).toEqual([201, undefined])
    expect(await ask({ scenarios: [{ match: {}, answer: { text: "b", defect: id } }] })).toEqual([
      201,
      undefined,
    ])
  }
})
