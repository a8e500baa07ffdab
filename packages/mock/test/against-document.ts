import { readFileSync } from "node:fs"
import { openUnions, profiles } from "@nexhina/schemas"
import { DONE, decode } from "@nexhina/stream"
import { headerOf, type MockRequest, type Reply } from "@nexhina/wire"
import { Ajv2020 } from "ajv/dist/2020.js"
import { mediaPath } from "../src/media/media.ts"
import type { Mock } from "../src/mock.ts"
import { createRouter } from "../src/request/route.ts"

const route = createRouter(profiles.nexhina)

// Of the two documents the one that says what the events of a stream carry.
const openapi = new URL("../../../openapi/openapi-3.2.json", import.meta.url)
const ajv = new Ajv2020({ strict: false, validateFormats: false })

type Content = Readonly<Record<string, { readonly schema?: object; readonly itemSchema?: object }>>
type Responses = Readonly<Record<string, { readonly $ref?: string; readonly content?: Content }>>

const document = openUnions(JSON.parse(readFileSync(openapi, "utf8"))) as {
  readonly paths: Readonly<
    Record<string, Readonly<Record<string, { readonly operationId: string; readonly responses: Responses }>>>
  >
  readonly components: { readonly responses: Responses }
}
ajv.addSchema(document, "document")

const operations = new Map(
  Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, { operationId, responses }]) => [
      operationId,
      { responses, at: ["paths", path, method, "responses"] },
    ]),
  ),
)

/** What may be answered to anything, and is in no operation's list. */
const errorSchema = ["components", "schemas", "ErrorResponse"]
const unlistedStatuses = [404, 405, 413, 500, 501]

function faultOf(value: unknown, schema: readonly string[]): string | undefined {
  const pointer = schema.map((key) => encodeURIComponent(key.replaceAll("~", "~0").replaceAll("/", "~1")))
  const validate = ajv.getSchema(`document#/${pointer.join("/")}`)
  if (!validate) throw new Error(`The document has no ${schema.join(" ")}.`)
  return validate(value) ? undefined : ajv.errorsText(validate.errors)
}

function textOf({ body }: Reply): string {
  if (typeof body === "string") return body
  if (body instanceof Uint8Array) return new TextDecoder().decode(body)
  if (Symbol.asyncIterator in body) throw new Error("The mock makes no asynchronous bodies.")
  return new TextDecoder().decode(Buffer.concat([...body].map(({ bytes }) => bytes)))
}

/** The JSON values that a reply carries. */
function jsonsOf(reply: Reply, mediaType: string): readonly unknown[] {
  if (mediaType === "application/json") return [JSON.parse(textOf(reply))]
  if (mediaType !== "text/event-stream") return []
  const { events } = decode(Buffer.from(textOf(reply)))
  return events.filter(({ data }) => data !== DONE).map(({ data }) => JSON.parse(data))
}

const pathOf = ({ target }: MockRequest): string => target.replace(/^https?:\/\/[^/]*|\?.*/gi, "")

/** Where the document says what a reply may carry; undefined when it does not foresee the reply. */
function schemaOf(ask: MockRequest, { status }: Reply, mediaType: string) {
  const found = route(ask.method, pathOf(ask))
  const operation = found.kind === "operation" ? operations.get(found.operationId) : undefined
  const listed = operation?.responses[status]
  if (!operation || !listed) {
    return unlistedStatuses.includes(status) && mediaType === "application/json" ? errorSchema : undefined
  }
  const name = listed.$ref?.split("/").at(-1)
  const response = name === undefined ? listed : document.components.responses[name]
  const at = name === undefined ? [...operation.at, String(status)] : ["components", "responses", name]
  const content = response?.content?.[mediaType]
  if (!content) return undefined
  const below = content.itemSchema ? ["itemSchema", "properties", "data", "contentSchema"] : ["schema"]
  return [...at, "content", mediaType, ...below]
}

/** What a reply has against the document; undefined when nothing. */
export function brokenBy(ask: MockRequest, reply: Reply): string | undefined {
  if (ask.method === "HEAD" || reply.status === 204) return undefined
  // The files behind the URLs in replies are no operation of the contract.
  if (reply.status === 200 && pathOf(ask).startsWith(mediaPath)) return undefined
  const mediaType = headerOf(reply.headers, "content-type")?.split(";", 1)[0] ?? ""
  const schema = schemaOf(ask, reply, mediaType)
  if (!schema) return `The document does not foresee ${reply.status} with ${mediaType}.`
  for (const json of jsonsOf(reply, mediaType)) {
    const fault = faultOf(json, schema)
    if (fault !== undefined) return fault
  }
  return undefined
}

/**
 * Returns a mock that validates every reply against the emitted OpenAPI document: status, media type, and the JSON
 * body or the events of the stream. Violations are thrown outside of any promise, so that the run fails whatever the
 * test checks. Replies that a request alters, with a defect, a variant or a fault, are not validated.
 */
export function againstDocument(mock: Mock): Mock {
  const handle = async (ask: MockRequest): Promise<Reply> => {
    const reply = await mock.handle(ask)
    const altered = ask.headers.some(([name]) => /^x-mock-(defect|variant|fault)$/i.test(name))
    const broken = altered ? undefined : brokenBy(ask, reply)
    if (broken !== undefined) {
      const error = new Error(`${ask.method} ${ask.target} is answered against the document: ${broken}`)
      setImmediate(() => {
        throw error
      })
    }
    return reply
  }
  return {
    ...mock,
    handle,
    get exchanges() {
      return mock.exchanges
    },
  }
}
