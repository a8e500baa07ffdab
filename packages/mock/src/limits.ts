/** A limit of the mock. */
export interface Limit {
  readonly max: number
  /** What is limited. */
  readonly of: string
  /** What happens beyond the limit. */
  readonly beyond: string
}

/** The limits of the mock, all chosen. The table in `docs/mock.md` is generated from this object. */
export const limits = {
  jsonMarks: {
    max: 1_000_000,
    of: "characters `,`, `[` and `{` in a JSON body",
    beyond: "413",
  },
  jsonDepth: { max: 512, of: "nesting of a JSON body, in levels", beyond: "400" },
  objectMembers: {
    max: 10_000,
    of: "members of one object in a JSON body",
    beyond: "400 that names the object",
  },
  schemaWork: {
    max: 100_000,
    of: "work to generate values for the schemas and patterns of one request, in estimated microseconds",
    beyond: "400 that names the schema",
  },
} as const satisfies Readonly<Record<string, Limit>>
