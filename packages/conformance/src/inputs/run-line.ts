import {
  endpoints,
  type ModelKind,
  type OperationId,
  type ProfileName,
  profiles,
  surfaces,
  type Trait,
  traits,
} from "@nexhina/schemas"
import type { ForeignLine } from "@nexhina/wire"
import { z } from "zod"
import type { ExecutedSample } from "../target/execute.ts"
import type { TargetFacts } from "../target/facts.ts"
import { modelKinds } from "../target/models.ts"

const keysOf = <K extends string>(object: Readonly<Record<K, unknown>>) => Object.keys(object) as [K, ...K[]]

const ProfileNames = z.enum(keysOf<ProfileName>(profiles))
const Traits = z.array(z.enum(keysOf<Trait>(traits)))
const Surfaces = z.array(z.enum(surfaces))
const Operations = z.array(z.enum(keysOf<OperationId>(endpoints)))
const Kinds = z.enum(modelKinds as [ModelKind, ...ModelKind[]])

/** What a run is asked to do: the first line of its transcript. */
export const RunLine = z.object({
  fact: z.literal("run"),
  kit: z.string().describe("Version of the kit."),
  target: z.string().describe("Base URL."),
  embedded: z
    .literal(true)
    .exactOptional()
    .describe("The target is the built-in mock server, which has another address in each run."),
  startedAt: z.iso.datetime(),
  seed: z.int(),
  profile: ProfileNames,
  traits: Traits,
  include: Surfaces,
  require: Surfaces,
  deterministic: z.boolean(),
  rules: z.array(z.string()).exactOptional().describe("Ids of the selected rules. Default: all."),
  requirements: z.string().exactOptional().describe("Set of requirements."),
  quick: z.literal(true).exactOptional().describe("Only fixed requests of the quick probes were sent."),
  proxy: z.string().exactOptional(),
  shard: z.object({ index: z.int().min(1), count: z.int().min(1) }).exactOptional(),
  replay: z.array(z.string()).describe("Arguments of `run`, quoted for a shell."),
})
export type RunLine = Readonly<z.infer<typeof RunLine>>

/** What a run has learned of its target before it judges: `TargetFacts` as JSON. */
export const FactsLine = z.object({
  fact: z.literal("facts"),
  profileName: ProfileNames,
  traits: Traits,
  auth: z.enum(["required", "open", "untested"]),
  deterministic: z.boolean(),
  models: z.partialRecord(Kinds, z.string()),
  unproven: z.array(Kinds),
  choices: z.array(z.string()),
  voice: z.string(),
  listed: z.array(z.string()),
  absent: Operations,
  included: Surfaces,
  required: Surfaces,
  maxOutputTokens: z.number(),
  oversizedBytes: z.number().exactOptional(),
})
export type FactsLine = Readonly<z.infer<typeof FactsLine>>

/** The requests that belong to one sample, written after their exchanges. */
export const SampleLine = z.object({
  fact: z.literal("sample"),
  /** Id of the probe or rule, and the number of its sample from 0. */
  by: z.string(),
  index: z.int(),
  asked: z.array(
    z.object({
      /** Id of the exchange. */
      id: z.string(),
      /** Members that a target may refuse, and those that were left out with the status of the refusal. */
      exercises: z.array(z.string()).exactOptional(),
      refused: z.array(z.tuple([z.string(), z.number()])).exactOptional(),
    }),
  ),
  draw: z.object({ seed: z.number(), index: z.number() }).exactOptional(),
  cut: z.string().exactOptional(),
  breach: z.string().exactOptional(),
  /** Set when the sample was sent because of a finding: to find a smaller request, or to see the fault again. */
  repeats: z
    .object({ rule: z.string(), finding: z.string(), purpose: z.enum(["smaller", "again"]) })
    .exactOptional(),
})
export type SampleLine = Readonly<z.infer<typeof SampleLine>>

/** How a run ended: the last line of its transcript. */
export const EndLine = z.object({
  fact: z.literal("run-end"),
  requests: z.int(),
  durationMs: z.number(),
  learned: z.array(z.string()),
  stopped: z.string().exactOptional().describe("Why the run stopped early."),
  incomplete: z.string().exactOptional().describe("Why its evidence is not complete."),
})
export type EndLine = Readonly<z.infer<typeof EndLine>>

/** The lines in which a run records what its verdicts depend on, besides exchanges and intents. */
export const RunLines = z.discriminatedUnion("fact", [RunLine, FactsLine, SampleLine, EndLine])
export type RunLines = RunLine | FactsLine | SampleLine | EndLine

const runFacts: ReadonlySet<string> = new Set(RunLines.options.map(({ shape }) => shape.fact.value))

/** Returns whether a line is one of a run, damaged or not. */
export const isRunLine = (line: ForeignLine): boolean => runFacts.has(line.fact)

/** Returns a line of a run; `undefined` for a line of another program. Throws a `ZodError` on a damaged one. */
export const runLineOf = (line: ForeignLine): RunLines | undefined =>
  isRunLine(line) ? RunLines.parse(line) : undefined

/** Returns facts as a line. */
export function factsLine({ profile: _, ...known }: TargetFacts): FactsLine {
  return {
    ...known,
    fact: "facts",
    traits: [...known.traits],
    unproven: [...known.unproven],
    choices: [...known.choices],
    listed: [...known.listed],
    absent: [...known.absent],
    included: [...known.included],
    required: [...known.required],
  }
}

/** Returns a sample that was sent as a line. */
export function sampleLine({ sample, asked, cut, breach }: ExecutedSample): SampleLine {
  return {
    fact: "sample",
    by: sample.by,
    index: sample.index,
    asked: asked.map(({ step, exchange, refused }) => ({
      id: exchange.id,
      ...(step?.exercises && { exercises: [...step.exercises] }),
      ...(refused && { refused: [...refused].map(([member, status]): [string, number] => [member, status]) }),
    })),
    ...(sample.draw && { draw: { seed: sample.draw.seed, index: sample.draw.index } }),
    ...(cut !== undefined && { cut }),
    ...(breach !== undefined && { breach }),
  }
}
