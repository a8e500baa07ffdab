const steps: Readonly<Record<string, number>> = { j: 1, k: -1, ArrowDown: 1, ArrowUp: -1 }

const isField = (target: EventTarget | null) =>
  target instanceof HTMLElement && target.matches("input, select, textarea")

/**
 * Moves the focus through the visible items of a list with j and k, and with the arrows while an item has it. `/` moves
 * it to the search field, Escape in that field to the first item.
 */
export function listKeys(items: () => readonly HTMLElement[], search: HTMLInputElement): void {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const shown = items()
    if (event.key === "Escape" && event.target === search) {
      shown[0]?.focus()
      return
    }
    if (isField(event.target)) return
    if (event.key === "/") {
      event.preventDefault()
      search.focus()
      return
    }
    const step = steps[event.key]
    const at = shown.indexOf(document.activeElement as HTMLElement)
    if (step === undefined || (event.key.length > 1 && at < 0)) return
    event.preventDefault()
    const next = at < 0 ? (step > 0 ? 0 : shown.length - 1) : at + step
    shown[Math.max(0, Math.min(shown.length - 1, next))]?.focus()
  })
}
