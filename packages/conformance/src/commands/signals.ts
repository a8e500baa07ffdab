/** Turns SIGINT and SIGTERM into an interruption of the run; a second one ends the process. */
export function listenForSignals(): { readonly signal: AbortSignal; stop(): void } {
  const controller = new AbortController()
  const names = ["SIGINT", "SIGTERM"] as const
  const interrupt = (name: NodeJS.Signals) => {
    if (controller.signal.aborted) process.exit(name === "SIGINT" ? 130 : 143)
    controller.abort(`the run was interrupted by ${name}`)
  }
  for (const name of names) process.on(name, interrupt)
  return {
    signal: controller.signal,
    stop() {
      for (const name of names) process.off(name, interrupt)
    },
  }
}
