import type { UnderlyingSource } from "node:stream/web"

/**
 * A body whose branches are cancelled independently. MSW clones each response for its listeners, and of the branches of
 * `ReadableStream.tee` one that is cancelled waits for the other one, which nobody reads: a client that discards an
 * error before it retries would wait for ever.
 */
class BranchingBody extends ReadableStream<Uint8Array> {
  constructor(source: UnderlyingSource<Uint8Array>) {
    // No read-ahead: an error would discard chunks that have not been read.
    super(source, { highWaterMark: 0 })
  }

  override tee(): [ReadableStream<Uint8Array>, ReadableStream<Uint8Array>] {
    const reader = this.getReader()
    const open = new Set<ReturnType<typeof reader.read>[]>()
    const branch = () => {
      const unread: ReturnType<typeof reader.read>[] = []
      open.add(unread)
      return new BranchingBody({
        async pull(controller) {
          if (unread.length === 0) {
            const next = reader.read()
            for (const each of open) each.push(next)
          }
          const read = await unread.shift()
          if (read === undefined || read.done) controller.close()
          else controller.enqueue(read.value)
        },
        async cancel(reason) {
          open.delete(unread)
          if (open.size === 0) await reader.cancel(reason)
        },
      })
    }
    return [branch(), branch()]
  }
}

/** Returns a response with the same content, of which clones can be cancelled independently. */
export function branching(response: Response): Response {
  if (response.body === null) return response
  const reader: ReadableStreamDefaultReader<Uint8Array> = response.body.getReader()
  const body = new BranchingBody({
    async pull(controller) {
      const { done, value } = await reader.read()
      if (done) controller.close()
      else controller.enqueue(value)
    },
    cancel: (reason) => reader.cancel(reason),
  })
  return new Response(body, response)
}
