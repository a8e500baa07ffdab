/** Thrown for arguments that cannot be used, such as a path that cannot be read. The message names it and the reason. */
export class UsageError extends Error {}

/** Returns what is read of a path that the user gave. Throws a `UsageError` that says why it cannot be read. */
export function readable<Value>(path: string, read: () => Value): Value {
  try {
    return read()
  } catch (error) {
    throw new UsageError(`cannot read '${path}': ${reasonOf(error)}`)
  }
}

/** Returns the message of an error of the file system, or of any other error. */
export function fileErrorMessage(error: unknown): string {
  const { code = "", path, message } = error as NodeJS.ErrnoException
  return path !== undefined && code in reasons ? `cannot open '${path}': ${reasonOf(error)}` : message
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: "the file or folder does not exist",
  EACCES: "permission denied",
  EISDIR: "it is a folder",
}

function reasonOf(error: unknown): string {
  const { code = "", message } = error as NodeJS.ErrnoException
  return reasons[code] ?? message
}
