import { ResponseOutputItem } from "@nexhina/schemas"
import { z } from "zod"
import { isBase64 } from "../../request/check-base64.ts"

/**
 * Use of a tool that the server runs, as an item of a response. The mock adds `id`, `status`, `container_id` and `outputs`
 * when they are left out.
 */
export type HostedItem =
  Extract<
    ResponseOutputItem,
    {
      readonly type:
        | "web_search_call"
        | "file_search_call"
        | "code_interpreter_call"
        | "image_generation_call"
        | "mcp_list_tools"
        | "mcp_call"
    }
  > extends infer Item
    ? Item extends object
      ? Omit<Item, "id" | "status" | "container_id" | "outputs"> & {
          readonly [Name in keyof Item & ("id" | "status" | "container_id" | "outputs")]?: Item[Name]
        }
      : never
    : never

const hostedTypes = Object.keys({
  web_search_call: true,
  file_search_call: true,
  code_interpreter_call: true,
  image_generation_call: true,
  mcp_list_tools: true,
  mcp_call: true,
} satisfies Record<HostedItem["type"], true>)

const addedMembers = ["id", "status", "container_id", "outputs"] as const

/** Returns the schema of bytes in base64. Files of scenarios may name a file instead. */
function base64Schema(): z.ZodType<string> {
  return z
    .string()
    .refine(isBase64, "expected base64, or in a file of scenarios '{ file: path }'")
    .meta({ "x-file": true })
}

/** Returns the schema of a hosted item: that of the contract, without unknown members. */
export function hostedItemSchema(): z.ZodType<HostedItem> {
  const options = hostedTypes.map((type) => {
    const { shape, description } = outputSchema(type)
    const members = Object.entries(shape).map(([name, schema]) => [name, memberSchema(type, name, schema)])
    return z
      .strictObject({ ...Object.fromEntries(members), type: z.literal(type) })
      .describe(description ?? type)
  })
  // The shapes are those of the contract, with the optional members that the type has.
  return z.discriminatedUnion("type", options as never) as unknown as z.ZodType<HostedItem>
}

function memberSchema(type: string, name: string, schema: z.ZodType): z.ZodType {
  if (type === "image_generation_call" && name === "result") {
    return base64Schema().describe("Image in base64, or `{ file: path }` in a file of scenarios.")
  }
  return addedMembers.some((added) => added === name) ? schema.optional() : schema
}

function outputSchema(type: string): {
  readonly shape: Readonly<Record<string, z.ZodType>>
  readonly description?: string | undefined
} {
  const found = ResponseOutputItem.options.find(({ shape }) => shape.type.safeParse(type).success)
  if (found === undefined) throw new TypeError(`The contract has no output item '${type}'.`)
  return found
}
