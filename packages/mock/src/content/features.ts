/** What makes texts alike: their words, and the parts of their words, each with its weight. */
export function* features(text: string): Generator<readonly [feature: string, weight: number]> {
  for (const [word] of text.toLowerCase().matchAll(/[\p{L}\p{N}]+/gu)) {
    yield [`word ${word}`, 1]
    const padded = ` ${word} `
    for (let at = 0; at + 3 <= padded.length; at++) yield [`part ${padded.slice(at, at + 3)}`, 0.5]
  }
}
