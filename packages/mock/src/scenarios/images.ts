/** An image in the answer of a scenario: bytes in base64, or a reference to a file that has them. */
export interface AnswerImage {
  readonly path: readonly (string | number)[]
  readonly value: unknown
}

/** Returns the images of a JSON value: its members with the name `b64_json`. */
export function imagesIn(value: unknown, path: readonly (string | number)[]): AnswerImage[] {
  if (typeof value !== "object" || value === null) return []
  return Object.entries(value).flatMap(([name, inner]) => {
    const place = [...path, Array.isArray(value) ? Number(name) : name]
    return name === "b64_json" ? [{ path: place, value: inner }] : imagesIn(inner, place)
  })
}

/** Returns the images of a scenario that has not been checked, also those that its hosted tools generate. */
export function imagesOf(scenario: unknown): AnswerImage[] {
  const steps = member(scenario, "steps")
  const answers: (readonly [readonly (string | number)[], unknown])[] = [
    [["answer"], member(scenario, "answer")],
    ...(Array.isArray(steps) ? steps.map((each: unknown, index) => [["steps", index], each] as const) : []),
  ]
  return answers.flatMap(([path, answer]) => {
    const tools = member(answer, "hostedTools")
    const generated = Array.isArray(tools)
      ? tools.map((tool, index) => ({
          path: [...path, "hostedTools", index, "result"],
          value: member(tool, "result"),
        }))
      : []
    return [...generated, ...imagesIn(member(answer, "reply"), [...path, "reply"])]
  })
}

/** Returns the path of the file that an image refers to. */
export function fileOf(value: unknown): string | undefined {
  const file = member(value, "file")
  return typeof file === "string" && Object.keys(Object(value)).length === 1 ? file : undefined
}

/** Returns why a reference to a file cannot be used; undefined for another value. */
export function fileHint(value: unknown): string | undefined {
  return fileOf(value) === undefined
    ? undefined
    : "only a file of scenarios can refer to a file. Give its bytes in base64"
}

/** Returns a copy of a JSON value with another value at a path. */
export function replacedAt(value: unknown, path: readonly (string | number)[], by: unknown): unknown {
  const [key, ...rest] = path
  if (key === undefined) return by
  const inner = replacedAt(member(value, key), rest, by)
  return Array.isArray(value) ? value.with(Number(key), inner) : { ...Object(value), [key]: inner }
}

function member(value: unknown, name: string | number): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, name)
    ? Reflect.get(value, name)
    : undefined
}
