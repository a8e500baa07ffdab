/** Thrown for arguments that cannot be used, such as a path that cannot be read. The message names it and the reason. */
export class UsageError extends Error {}

/** Returns what is read of a path that the user gave. Throws a `UsageError` that says why it cannot be read. */
export function readable<Value>(path: string, read: () => Value): Value {
  try {
    return read()
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    const reasons: Readonly<Record<string, string>> = {
      ENOENT: "the file or folder does not exist",
      EACCES: "permission denied",
    }
    throw new UsageError(`cannot read '${path}': ${reasons[code ?? ""] ?? message}`)
  }
}
