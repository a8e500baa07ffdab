/** Whether an error is about a top-level member: its `param` lies there, or its message has the name as a word. */
export function namesMember(
  { param, message }: { readonly param?: unknown; readonly message?: unknown },
  member: string,
): boolean {
  return (
    (typeof param === "string" && param.split(/[.[]/, 1)[0] === member) ||
    (typeof message === "string" && new RegExp(`\\b${member}\\b`).test(message))
  )
}
