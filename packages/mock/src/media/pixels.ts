/** Parses a size such as `1024x1536`, in pixels. */
export function pixelsOf(size: string): { readonly width: number; readonly height: number } {
  const [width = 0, height = 0] = size.split("x").map(Number)
  return { width, height }
}
