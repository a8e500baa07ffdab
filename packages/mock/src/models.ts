import { type CatalogueModel, catalogue, type Model, type ModelKind, type Profile } from "@nexhina/schemas"
import { Refusal } from "./refusal.ts"

/** The models that a mock serves. */
export interface Models {
  /** The listed models. */
  readonly list: readonly Model[]
  /** Returns a model; undefined when it is not served. */
  retrieve(id: string): Model | undefined
  /**
   * Returns the facts about the model that a request names. Refuses a model that is not served, and a model of the
   * catalogue of another kind (chosen). Other models are of every kind.
   */
  require(id: string, kind: ModelKind): Pick<CatalogueModel, "dimensions">
}

/** The `created` of the documentation's samples, in Unix seconds. Used for models, whose dates are not known. */
export const sampleTime = 1713833628

/**
 * Creates the set of the catalogue's models and those added by id. Unless `strict`, other ids are served but not
 * listed: snapshots (`gpt-4o-2024-08-06`) and ids with a prefix (`openai/gpt-4o`) as the model of the catalogue.
 */
export function createModels(
  added: readonly string[],
  strict: boolean,
  { rerank }: Pick<Profile, "rerank">,
): Models {
  const usable = catalogue.filter(({ kind }) => rerank || kind !== "rerank")
  const known = new Map<string, CatalogueModel>(usable.map((model) => [model.id, model]))
  const show = (id: string): Model => ({ id, object: "model", created: sampleTime, owned_by: "nexhina" })
  const shown = new Map([...known.keys(), ...added].map((id) => [id, show(id)]))
  return {
    list: [...shown.values()],
    retrieve: (id) => shown.get(id),
    require(id, kind) {
      if (strict && !shown.has(id)) throw unknownModel(id)
      const model = known.get(id) ?? (shown.has(id) ? undefined : known.get(baseOf(id)))
      if (model !== undefined && model.kind !== kind && !added.includes(id)) {
        throw new Refusal(400, {
          message: `The model '${id}' is of kind '${model.kind}', but this endpoint requires kind '${kind}'.`,
          param: "model",
          code: "unsupported_model",
        })
      }
      return model ?? {}
    },
  }
}

/** Returns the id without the prefix of a provider and the date of a snapshot. */
export function baseOf(id: string): string {
  return id.replace(/^.*\//, "").replace(/-(?:\d{4}-\d{2}-\d{2}|\d{4}|latest)$/, "")
}

/** Creates the refusal of a model id that is not served. */
export function unknownModel(id: string): Refusal {
  return new Refusal(404, {
    message:
      `Unknown model '${id}'. ` +
      "Start the mock with --model ID to list it; without --strict-models every model is served, listed or not.",
    param: "model",
    code: "model_not_found",
  })
}
