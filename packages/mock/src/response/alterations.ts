import type { AlterationKind, Frame, NamedAlteration, Reply } from "@nexhina/wire"
import { type Digest, digest, digestFraction } from "../content/random.ts"
import { nearestName } from "../nearest-name.ts"
import { Refusal } from "../refusal.ts"
import type { KnownHeaders } from "../request/headers.ts"

/** An alteration that applies to every request, or to a fraction of them. */
export interface StandingAlteration {
  readonly id: string
  /** Fraction of the requests, from 0 to 1. */
  readonly rate: number
}

/** An alteration that one request selected by header, and whether it has changed anything. */
type WatchedAlteration = NamedAlteration & { readonly acted: () => boolean }

/** Returns the alterations of one request: the standing ones, chosen by hash, then those named in its headers. */
type ChooseAlterations = (headers: KnownHeaders, identity: Digest) => readonly NamedAlteration[]

const none: readonly NamedAlteration[] = []

/** The ids that can be selected, with their kinds. */
export type KnownAlterations = readonly Pick<NamedAlteration, "id" | "kind">[]

/** The defects and variants of a mock, or what loads them. */
export type AlterationSource = readonly NamedAlteration[] | (() => Promise<readonly NamedAlteration[]>)

/** The defects and variants that one mock knows. */
export interface Alterations {
  readonly known: KnownAlterations
  readonly choose: ChooseAlterations
  /** Loads the catalogue once; undefined when it was given as a list. Rejects when it cannot be loaded. */
  load(): Promise<void> | undefined
}

/**
 * Creates the alterations of one mock. Throws a `TypeError` when a standing alteration is not in the catalogue, as those of
 * a catalogue that is still to be loaded are not.
 */
export function createAlterations(
  source: AlterationSource,
  always: readonly StandingAlteration[],
): Alterations {
  const known: NamedAlteration[] = []
  let choose: ChooseAlterations
  const use = (catalogue: readonly NamedAlteration[]) => {
    choose = alterationChooser(catalogue, always)
    known.push(...catalogue)
  }
  use(typeof source === "function" ? [] : source)
  let loading: Promise<void> | undefined
  return {
    known,
    choose: (headers, identity) => choose(headers, identity),
    load() {
      if (typeof source === "function") loading ??= source().then(use)
      return loading
    },
  }
}

/** Returns whether headers name a defect or a variant. */
export const namesAlteration = (headers: KnownHeaders): boolean =>
  headers["x-mock-defect"] !== undefined || headers["x-mock-variant"] !== undefined

/** The request header that selects an alteration of each kind. */
const selectors = { defect: "x-mock-defect", variant: "x-mock-variant" } as const satisfies Record<
  AlterationKind,
  keyof KnownHeaders
>

/**
 * Creates the choice of alterations for one mock, with its own copy of each alteration that has state. Throws a
 * `TypeError` when a standing alteration is not in the catalogue. An unknown id in a request's header is refused with 400.
 */
function alterationChooser(
  catalogue: readonly NamedAlteration[],
  always: readonly StandingAlteration[],
): ChooseAlterations {
  const byId = new Map(catalogue.map((alteration) => [alteration.id, started(alteration)]))
  const standing = always.map(({ id, rate }) => {
    const alteration = byId.get(id)
    if (alteration === undefined) throw new TypeError(unknownId(id, byId))
    return { alteration, rate }
  })
  function asked(
    header: "x-mock-defect" | "x-mock-variant",
    list: string | undefined,
    identity: Digest,
  ): NamedAlteration[] {
    const shares = (list ?? "").split(",").map((share) => share.trim())
    return shares
      .filter((share) => share !== "")
      .flatMap((share) => {
        const { id, rate } = readShare(share, header)
        const alteration = byId.get(id)
        if (alteration === undefined) throw new Refusal(400, { message: unknownId(id, byId), param: header })
        const { kind } = alteration
        if (kind !== undefined && selectors[kind] !== header) {
          const message = `'${id}' is a ${kind}. Use '${selectors[kind]}' instead of '${header}'.`
          throw new Refusal(400, { message, param: header })
        }
        return digestFraction(digest(id, identity)) < rate ? [watched(selected(alteration))] : []
      })
  }
  return (headers, identity) => {
    const { "x-mock-defect": defect, "x-mock-variant": variant } = headers
    if (standing.length === 0 && defect === undefined && variant === undefined) return none
    return [
      ...standing
        .filter(({ alteration, rate }) => digestFraction(digest(alteration.id, identity)) < rate)
        .map(({ alteration }) => alteration),
      ...asked("x-mock-defect", defect, identity),
      ...asked("x-mock-variant", variant, identity),
    ]
  }
}

/** Reads an id, or `ID@RATE` for a fraction of the requests, chosen by their hash. */
function readShare(share: string, param: string): StandingAlteration {
  const [, id = share, text = "1"] = /^(.+)@(.*)$/.exec(share) ?? []
  const rate = Number(text.trim() || Number.NaN)
  if (rate >= 0 && rate <= 1) return { id, rate }
  const message = `Invalid rate '${text.slice(0, 64)}' of '${id.slice(0, 64)}': expected a number from 0 to 1.`
  throw new Refusal(400, { message, param })
}

/** Returns the form of an alteration that acts on the requests that select it. */
const selected = ({ wider, ...alteration }: NamedAlteration): NamedAlteration => ({ ...alteration, ...wider })

/** Returns a copy of an alteration for one request that remembers whether it has changed anything. */
function watched(alteration: NamedAlteration): WatchedAlteration {
  let hasActed = false
  // The stage determines the subject's type, which TypeScript does not infer here.
  const apply = (subject: never, situation: never): unknown => {
    const changed: unknown = alteration.apply(subject, situation)
    hasActed ||= !isSame(subject, changed)
    return changed
  }
  return { ...alteration, apply: apply as never, acted: () => hasActed }
}

/** Returns whether an alteration left its subject as it was. */
function isSame(before: unknown, after: unknown): boolean {
  if (before === after) return true
  if (isReply(before) && isReply(after)) {
    const [one, other] = [before, after].map(({ body, ...rest }) => ({ body, rest: JSON.stringify(rest) }))
    return one?.body === other?.body && one?.rest === other?.rest
  }
  if (isFrames(before) && isFrames(after)) {
    return before.length === after.length && before.every((frame, index) => isSameFrame(frame, after[index]))
  }
  return JSON.stringify(before) === JSON.stringify(after)
}

function isFrames(subject: unknown): subject is readonly Frame[] {
  return Array.isArray(subject) && subject.every((each) => each?.bytes instanceof Uint8Array)
}

function isSameFrame({ bytes, atMs }: Frame, other: Frame | undefined): boolean {
  if (other === undefined || atMs !== other.atMs || bytes.length !== other.bytes.length) return false
  return bytes === other.bytes || bytes.every((byte, at) => byte === other.bytes[at])
}

function isReply(subject: unknown): subject is Reply {
  return typeof subject === "object" && subject !== null && "status" in subject && "headers" in subject
}

/**
 * Returns the ids of the alterations that the request selected and that changed nothing. `isRefused`: the request was
 * refused, so that nothing of how it was misread shows in the reply.
 */
export function inactiveOf(alterations: readonly NamedAlteration[], isRefused: boolean): string[] {
  return alterations
    .filter(({ stage, acted }: NamedAlteration & Partial<WatchedAlteration>) => {
      if (acted === undefined) return false
      return (stage === "request" && isRefused) || !acted()
    })
    .map(({ id }) => id)
}

function started(alteration: NamedAlteration): NamedAlteration {
  const { id, kind } = alteration
  return alteration.start ? { ...alteration.start(), id, ...(kind && { kind }) } : alteration
}

function unknownId(id: string, known: ReadonlyMap<string, unknown>): string {
  const nearest = nearestName(id, [...known.keys()])
  const listed = nearest ? `Did you mean '${nearest}'?` : "docs/defects.md lists them all."
  return `No defect or variant has the id '${id}'. ${known.size === 0 ? "The catalogue is empty." : listed}`
}
