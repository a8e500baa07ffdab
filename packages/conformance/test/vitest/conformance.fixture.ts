import { conformance } from "@nexhina/conformance/vitest"
import { startMock } from "@nexhina/mock/node"
import { afterAll, describe } from "vitest"
import { defects } from "../../../defects/src/index.ts"

// What vitest.test.ts runs in a vitest of its own, because some of these tests have to fail.

const sound = await startMock()
const broken = await startMock({ alterations: defects, always: [{ id: "sse-double-done", rate: 1 }] })
afterAll(() => Promise.all([sound.close(), broken.close()]))

const asked = { quick: true, include: ["chat" as const], rule: ["sse.*"] }
const of = ({ baseURL, apiKey }: typeof sound) => ({ ...asked, baseURL, apiKey })

describe("sound", () => conformance(of(sound)))
describe("broken", () => conformance(of(broken)))
describe("known", () => conformance({ ...of(broken), baseline: process.env["BASELINE"] }))
// Nobody listens on this port.
describe("away", () => conformance({ ...asked, baseURL: "http://127.0.0.1:9/v1" }))
