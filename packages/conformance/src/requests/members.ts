import * as fc from "fast-check"

/** Some members of a request. The value `undefined` removes a member of an earlier part. */
export type Members<Request> = { readonly [Name in keyof Request]?: Request[Name] | undefined }

/** Returns a request with the members of all parts; later parts override earlier ones. */
export function requestOf<Request extends object>(
  base: fc.Arbitrary<Request>,
  parts: readonly fc.Arbitrary<Members<Request>>[],
): fc.Arbitrary<Request> {
  return fc.tuple(base, ...parts).map((drawn) => {
    const members = Object.entries(Object.assign({}, ...drawn)).filter(([, value]) => value !== undefined)
    // The base has what is required, and the parts' type lets them change members to their own kind only.
    return Object.fromEntries(members) as Request
  })
}

/** Generates these members in one of three values and none otherwise; shrinks to none. */
export function sometimes<M extends object>(
  members: fc.Arbitrary<M>,
): fc.Arbitrary<M | Record<never, never>> {
  return fc.oneof(
    { withCrossShrink: true },
    { arbitrary: fc.constant({}), weight: 2 },
    { arbitrary: members, weight: 1 },
  )
}
