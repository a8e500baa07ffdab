/** A member `id` with a text, in TypeScript or JavaScript. */
const idMember = /(?<![\w$"'])(["']?)id\1\s*:\s*(?:"([^"\\\n]*)"|'([^'\\\n]*)'|`([^`\\$]*)`)/g

/**
 * Finds the ids of scenarios in the source of a file of code. Returns a function that returns line and column of an id,
 * such as `4:5`; undefined for one that does not stand there, or several times, as when code generates it.
 */
export function idsInSource(source: string): (id: string) => string | undefined {
  let places: ReadonlyMap<string, string | undefined> | undefined
  return (id) => {
    places ??= read(source)
    return places.get(id)
  }
}

function read(source: string): ReadonlyMap<string, string | undefined> {
  const places = new Map<string, string | undefined>()
  let line = 1
  let start = 0
  for (const { index, 2: double, 3: single, 4: template } of source.matchAll(idMember)) {
    for (let end = source.indexOf("\n", start); end !== -1 && end < index; ) {
      line++
      start = end + 1
      end = source.indexOf("\n", start)
    }
    const id = double ?? single ?? template ?? ""
    places.set(id, places.has(id) ? undefined : `${line}:${index - start + 1}`)
  }
  return places
}
