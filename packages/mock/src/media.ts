import { Refusal } from "./refusal.ts"
import type { MadeFile } from "./reply.ts"
import { basePath } from "./route.ts"

/** Below this path stand the files that replies name by URL; their queries say all of what they show. */
export const mediaPath = `${basePath}/media/`

/** Makes the file of a name and a query. Refuses names that no reply has given out. */
export async function media(name: string, _query: URLSearchParams): Promise<MadeFile> {
  throw new Refusal(404, { message: `There is no file '${name}'.` })
}
