import { at } from "./schema-members.ts"

interface ListFault {
  readonly path: (string | number)[]
  readonly message: string
}

/** Returns the elements of lists that cannot stand in one reply: vectors of different lengths, repeated indexes. */
export function listFaults(reply: object): ListFault[] {
  return Object.entries(reply).flatMap(([name, list]) => {
    if (!Array.isArray(list)) return []
    return [...unequalVectors(name, list), ...repeatedIndexes(name, list)]
  })
}

function unequalVectors(name: string, list: readonly unknown[]): ListFault[] {
  const vectors = list.map((element) => at(element, ["embedding"]))
  const first = vectors.findIndex(Array.isArray)
  const length = lengthOf(vectors[first])
  return vectors.flatMap((vector, index) => {
    if (!Array.isArray(vector) || vector.length === length) return []
    const message = `expected ${length} numbers, as in '${name}[${first}].embedding', but got ${vector.length}`
    return [{ path: [name, index, "embedding"], message }]
  })
}

const lengthOf = (vector: unknown) => (Array.isArray(vector) ? vector.length : 0)

function repeatedIndexes(name: string, list: readonly unknown[]): ListFault[] {
  const indexes = list.map((element) => at(element, ["index"]))
  return indexes.flatMap((index, position) => {
    const first = indexes.indexOf(index)
    if (typeof index !== "number" || first === position) return []
    const message = `'${name}[${first}]' has the index ${index} as well. Remove one of them`
    return [{ path: [name, position, "index"], message }]
  })
}
