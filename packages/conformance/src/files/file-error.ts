/**
 * Returns why a file cannot be read or written, in the words of the system: without its code, its call and the path, which
 * the message around it names. `missing` is what does not exist if something does not.
 */
export function fileErrorText(error: unknown, missing: "the file" | "its folder"): string {
  const { code, message } = error as NodeJS.ErrnoException
  if (code === "ENOENT") return `${missing} does not exist`
  if (code === "EISDIR") return "it is a folder"
  return /^E[A-Z]+: (.*?), \w+/.exec(message)?.[1] ?? message
}
