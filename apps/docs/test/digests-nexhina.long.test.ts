import { recordDigests } from "./digests.ts"

recordDigests("nexhina")
