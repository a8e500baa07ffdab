import { z } from "zod"

/*
 * What many schemas are made with takes its metadata by `.register`: `.meta` and `.describe` copy the schema first, and a
 * process that starts would pay for several hundred copies.
 */

/**
 * An object that lets members pass which it does not list. Its type lists the known members only, so that a
 * misspelt one does not compile.
 */
export function openObject<Shape extends z.core.$ZodLooseShape>(
  shape: Shape,
): z.ZodObject<Shape, z.core.$strip> {
  // The loose object's type would add `[key: string]: unknown`; nothing else differs.
  return z.looseObject(shape) as unknown as z.ZodObject<Shape, z.core.$strip>
}

/** A string with values that are known today; servers may take and send others. */
export function openEnum<const Known extends readonly [string, ...string[]]>(
  known: Known,
): z.ZodType<Known[number] | (string & {}), Known[number] | (string & {})> {
  return z.union([z.enum(known), z.string().register(z.globalRegistry, { "x-unlisted": true })])
}

/**
 * The static type of a tag that is none of the known ones. It is a literal, so that testing a tag narrows to a
 * known kind and a misspelt tag does not compile; the value is whatever string came.
 */
export type UnlistedTag = "(unlisted)"

/** The kind of a union whose tag is none of the known ones. */
export type Unlisted<Tag extends string> = z.ZodObject<
  { [T in Tag]: z.ZodType<UnlistedTag, UnlistedTag> },
  z.core.$strip
>

/** Objects told apart by the string member `tag`: the known kinds, and any kind whose tag is none of theirs. */
export function openUnion<
  const Tag extends string,
  const Known extends readonly [z.core.$ZodTypeDiscriminable, ...z.core.$ZodTypeDiscriminable[]],
>(tag: Tag, known: Known): z.ZodDiscriminatedUnion<[...Known, Unlisted<Tag>], Tag> {
  const tags = new Set(known.flatMap((option) => [...(option._zod.propValues?.[tag] ?? [])]))
  const unlisted = z
    .string()
    .refine((value) => !tags.has(value), { error: "Expected a tag that is not listed" })
    .register(z.globalRegistry, { not: { enum: [...tags] } })
  // Dispatch by tag (one lookup, errors of the right kind only) asks each option for its tags. This one has
  // none to give: it is reached through the fallback.
  unlisted._zod.values = new Set([Symbol("unlisted")])
  const other = openObject({ [tag]: unlisted }).register(z.globalRegistry, { "x-unlisted": true })
  return z.discriminatedUnion(tag, [...known, other as unknown as Unlisted<Tag>], { unionFallback: true })
}
