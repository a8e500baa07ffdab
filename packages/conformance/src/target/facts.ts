import {
  type ModelKind,
  type OperationId,
  type Profile,
  type ProfileName,
  profiles,
  type Surface,
  surfaces,
  type Trait,
} from "@nexhina/schemas"
import { chooseModels } from "./models.ts"

/** What a run knows of its target: what it was told, and what it learned before the first rule was judged. */
export interface TargetFacts {
  readonly profileName: ProfileName
  readonly profile: Profile
  readonly traits: ReadonlySet<Trait>
  /** `required`: a request without the key was refused. `open`: it was answered. `untested`: no key to leave out. */
  readonly auth: "required" | "open" | "untested"
  /** The same request gives the same reply: what was said by `--deterministic`. */
  readonly deterministic: boolean
  /** The model to ask for, by kind. */
  readonly models: Readonly<Record<ModelKind, string>>
  /** Kinds of which no model is named or listed, and none that was tried answered: nothing is known of them. */
  readonly unproven: ReadonlySet<ModelKind>
  /** Which models were chosen by trial and why, in sentences. */
  readonly choices: readonly string[]
  /** The voice to ask for. */
  readonly voice: string
  /** Ids that the models list showed; empty when there is no list. */
  readonly listed: readonly string[]
  /** Operations that the target was seen not to offer before the first rule was judged. */
  readonly absent: ReadonlySet<OperationId>
  /** Surfaces that are checked: nothing is asked of the others. */
  readonly included: ReadonlySet<Surface>
  /** Surfaces that the target has to offer, as `--require` says. */
  readonly required: ReadonlySet<Surface>
  /** The most tokens that one generated reply may take. */
  readonly maxOutputTokens: number
  /** The length of a body that the target has to refuse; nothing is known of any when absent. */
  readonly oversizedBytes?: number
}

/** Facts of a target for which every rule of the profile can be judged, except those that depend on traits. */
export const completeFacts = (profileName: ProfileName): TargetFacts =>
  factsBefore(profileName, { auth: "required", deterministic: true, required: new Set(surfaces) })

/** What is known before the first request. Default: no traits, everything included, nothing required. */
export function factsBefore(
  profileName: ProfileName,
  told: Partial<
    Pick<
      TargetFacts,
      | "traits"
      | "auth"
      | "deterministic"
      | "included"
      | "required"
      | "maxOutputTokens"
      | "oversizedBytes"
      | "voice"
    >
  > = {},
): TargetFacts {
  return {
    profileName,
    profile: profiles[profileName],
    traits: new Set(),
    auth: "untested",
    deterministic: false,
    models: chooseModels({}, []),
    unproven: new Set(),
    choices: [],
    voice: "alloy",
    listed: [],
    absent: new Set(),
    included: new Set(surfaces),
    required: new Set(),
    maxOutputTokens: 64,
    ...told,
  }
}
