/**
 * Calls an action when the process ends by itself, also where a second signal ends it in the middle. Returns a function
 * that takes the action back.
 */
export function atProcessEnd(action: () => void): () => void {
  // One for each file that is being written, of which there may be many.
  process.setMaxListeners(process.getMaxListeners() + 1)
  process.once("exit", action)
  return () => {
    if (!process.listeners("exit").includes(action)) return
    process.off("exit", action)
    process.setMaxListeners(process.getMaxListeners() - 1)
  }
}
