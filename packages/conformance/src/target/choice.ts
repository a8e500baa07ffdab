import { endpoints, type ModelKind, operationsOf, type Surface } from "@nexhina/schemas"
import { probeSample } from "../engine/plan.ts"
import type { Probe } from "../probe.ts"
import { oneWord, plainTranscription } from "../probes/audio.ts"
import { plainChat } from "../probes/chat-completions.ts"
import { embeddingText } from "../probes/embeddings.ts"
import { oneImage } from "../probes/images.ts"
import { moderationText } from "../probes/moderations.ts"
import { rerankTexts } from "../probes/rerank.ts"
import { oneVideo } from "../probes/video.ts"
import type { ExecutedSample } from "./execute.ts"
import type { TargetFacts } from "./facts.ts"
import { type Candidate, candidatesFor, kindOfOperation, modelKinds, type NamedModels } from "./models.ts"
import { saysNotOffered } from "./offered.ts"
import type { Sampler } from "./sampler.ts"

/** The smallest request to a model of each kind. */
const trialProbes: Readonly<Record<ModelKind, Probe>> = {
  chat: plainChat,
  embedding: embeddingText,
  moderation: moderationText,
  rerank: rerankTexts,
  image: oneImage,
  speech: oneWord,
  transcription: plainTranscription,
  video: oneVideo,
}

/** Statuses with which servers refuse a model: it does not exist, or it is for something else. */
const modelRefusals: ReadonlySet<number | undefined> = new Set([400, 403, 404, 405, 422, 501])

/** A model that was asked, and what came of it. */
interface Trial {
  readonly candidate: Candidate
  readonly executed: ExecutedSample
  /** Status of the last reply to a request that named the model. */
  readonly status: number | undefined
}

type Choice = Pick<TargetFacts, "models" | "unproven" | "choices">

const isSuccess = ({ status }: Trial) => status !== undefined && status >= 200 && status < 300

/** Returns whether another model may answer where this one did not. */
function isModelAtFault(kind: ModelKind, { candidate, executed, status }: Trial): boolean {
  // The model is listed, so it exists, and it is the endpoint that does not.
  const isAbsent = candidate.isKnown && executed.asked.some(({ exchange }) => saysNotOffered(exchange))
  return modelRefusals.has(status) && (kind === "chat" || !isAbsent)
}

/** Asks the candidates of a kind, the likeliest first, until one answers or no other could. */
async function trialsOf(
  kind: ModelKind,
  known: TargetFacts,
  candidates: readonly Candidate[],
  sampler: Sampler,
): Promise<Trial[]> {
  const trials: Trial[] = []
  for (const candidate of candidates) {
    const models = { ...known.models, [kind]: candidate.id }
    const executed = await sampler.attempt(probeSample(trialProbes[kind], { ...known, models }))
    const named = executed.asked.filter(({ step }) => step && kindOfOperation(step.operation) === kind)
    const trial = { candidate, executed, status: named.at(-1)?.exchange.response?.status }
    trials.push(trial)
    if (isSuccess(trial) || !isModelAtFault(kind, trial)) break
  }
  return trials
}

/** Returns whether a kind of model is asked for on surfaces that are checked, by an operation that the profile has. */
function isNeeded(kind: ModelKind, surfaces: readonly Surface[], { profile }: TargetFacts): boolean {
  return operationsOf(profile).some(
    (operation) => kindOfOperation(operation) === kind && surfaces.includes(endpoints[operation].surface),
  )
}

/** Says which model is asked and why, and which others were tried before it. */
function explanation(kind: ModelKind, chosen: Trial, trials: readonly Trial[]): string {
  const others = trials.filter((trial) => trial !== chosen)
  const refusals = others.map(({ candidate, status }) => `${candidate.id}: ${status ?? "no answer"}`)
  const tried = refusals.length > 0 ? ` (also tried ${refusals.join(", ")})` : ""
  return `${kind} model ${chosen.candidate.id}: ${chosen.candidate.why}${tried}`
}

/**
 * Chooses the model to ask for, by kind. A name of a known kind is believed; others are tried. Evidence is kept of one
 * trial for each kind: of the model that answered, else of the one that says most about the endpoint.
 */
export async function chooseByTrial(
  known: TargetFacts,
  named: NamedModels,
  surfaces: readonly Surface[],
  sampler: Sampler,
): Promise<Choice> {
  const models = { ...known.models }
  const unproven = new Set<ModelKind>()
  const choices: string[] = []
  for (const kind of modelKinds) {
    const candidates = candidatesFor(kind, named, known.listed)
    // A chat is always asked for: keys are tried with it.
    if (kind !== "chat" && (candidates[0].isCertain || !isNeeded(kind, surfaces, known))) continue
    const trials = await trialsOf(kind, { ...known, models }, candidates, sampler)
    const answered = trials.find(isSuccess)
    const chosen = answered ?? (kind === "chat" ? trials[0] : trials.at(-1))
    if (!chosen) continue
    sampler.keep(chosen.executed)
    models[kind] = chosen.candidate.id
    const isProof = kind === "chat" && chosen.candidate.isKnown
    if (!answered && !isProof && trials.every((trial) => isModelAtFault(kind, trial))) unproven.add(kind)
    if (answered || isProof) choices.push(explanation(kind, chosen, trials))
  }
  return { models, unproven, choices }
}
