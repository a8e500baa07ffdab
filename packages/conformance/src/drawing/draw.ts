import * as fc from "fast-check"

/** A value as drawn, with what is needed to shrink it. */
export interface Draw<T> {
  readonly seed: number
  readonly index: number
  readonly value: T
  /** Smaller values, most promising first. */
  shrink(): Iterable<Draw<T>>
}

/** Hands out the values of another arbitrary unopened, so that our own loop can judge and shrink them. */
class Unopened<T> extends fc.Arbitrary<fc.Value<T>> {
  readonly #inner: fc.Arbitrary<T>

  constructor(inner: fc.Arbitrary<T>) {
    super()
    this.#inner = inner
  }

  override generate(random: fc.Random, biasFactor: number | undefined): fc.Value<fc.Value<T>> {
    return new fc.Value(this.#inner.generate(random, biasFactor), undefined)
  }

  override canShrinkWithoutContext(_value: unknown): _value is fc.Value<T> {
    return false
  }

  override shrink(): fc.Stream<fc.Value<fc.Value<T>>> {
    return fc.Stream.nil()
  }
}

/** The seed of one rule's samples: a function of the run's seed and the rule's id only (32-bit FNV-1a). */
export function seedOf(seed: number, id: string): number {
  let hash = 0x811c9dc5 ^ seed
  for (const character of id) {
    hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193)
  }
  return hash | 0
}

/** Draws `count` values; the same seed gives the same values. */
export function draw<T>(arbitrary: fc.Arbitrary<T>, seed: number, count: number): Draw<T>[] {
  const opened = (value: fc.Value<T>, index: number): Draw<T> => ({
    seed,
    index,
    value: value.value,
    *shrink() {
      for (const smaller of arbitrary.shrink(value.value_, value.context)) yield opened(smaller, index)
    },
  })
  return fc.sample(new Unopened(arbitrary), { seed, numRuns: count }).map(opened)
}
