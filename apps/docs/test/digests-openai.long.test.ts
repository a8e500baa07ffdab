import { recordDigests } from "./digests.ts"

recordDigests("openai")
