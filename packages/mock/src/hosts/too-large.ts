import { limits } from "../limits.ts"

/** Default maximum size of a request body, in bytes. */
export const defaultMaxBodyBytes: number = limits.bodyBytes.max
