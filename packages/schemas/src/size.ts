/** The longest side of an image or a video that a request may ask for, in pixels (chosen). */
const longestSide = 8192

/** Whether a size is `WIDTHxHEIGHT` in pixels, as `1024x1536`, and within what any model may draw. */
export function isSize(size: string): boolean {
  const [, width, height] = /^([1-9]\d{0,3})x([1-9]\d{0,3})$/.exec(size) ?? []
  return Number(width) <= longestSide && Number(height) <= longestSide
}
