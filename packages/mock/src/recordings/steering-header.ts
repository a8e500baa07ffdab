import { type Header, headerOf } from "@nexhina/wire"
import type { KnownHeaders } from "../request/headers.ts"

/** Headers that steer a reply that the mock generates, and no other one. */
const steering: readonly (keyof KnownHeaders)[] = [
  "x-mock-defect",
  "x-mock-variant",
  "x-mock-latency",
  "x-mock-fault",
]

/** Returns the name of a header that would have no effect where recordings or another API answer, if there is one. */
export const steeringHeaderIn = (headers: readonly Header[]): string | undefined =>
  steering.find((name) => headerOf(headers, name))
