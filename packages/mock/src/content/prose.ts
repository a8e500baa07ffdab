import type { Random } from "./random.ts"

const subjects = [
  "The harbour",
  "A patient gardener",
  "The night train",
  "Every second lantern",
  "The old map",
  "A letter from the coast",
  "The clockmaker",
  "A flock of starlings",
]
const verbs = ["follows", "remembers", "crosses", "answers", "outlasts", "borrows", "measures", "greets"]
const objects = [
  "the quiet river",
  "a copper bell",
  "the morning tide",
  "an unfinished song",
  "the long way home",
  "a garden of stones",
  "the first snow",
  "a door left open",
]

/** One short sentence of plain English, of some 500 that there are. */
export function sentence(random: Random): string {
  return `${random.pick(subjects)} ${random.pick(verbs)} ${random.pick(objects)}.`
}

/** Returns a heading of two to four words. */
export function title(random: Random): string {
  return random.pick(subjects)
}

const words = [
  "amber",
  "birch",
  "cedar",
  "delta",
  "ember",
  "fjord",
  "grove",
  "heron",
  "indigo",
  "juniper",
  "kestrel",
  "lichen",
  "meadow",
  "nectar",
  "otter",
  "pebble",
]

/** One lower-case word. */
export function word(random: Random): string {
  return random.pick(words)
}
