import { shellHeader, shellWord } from "../engine/curl.ts"
import { type OptionName, runOptions, type Settings } from "./options.ts"

/** Options that say what is reported or where a run ends, or that the replay command sets itself. */
const notReplayed: ReadonlySet<string> = new Set<OptionName | "config">([
  "rule",
  "skip",
  "seed",
  "report",
  "transcript",
  "bundle",
  "shard",
  "wait",
  "baseline",
  "updateBaseline",
  "dryRun",
  "strict",
  "maxRequests",
  "maxTime",
])

const defaultOf = (name: OptionName): unknown => runOptions[name].schema.safeParse(undefined).data

/** Returns one argument for each value; a key and other credentials stand as environment variables. */
function valuesOf(name: OptionName, settings: Settings): readonly string[] {
  if (name === "apiKey") return ['"$NEXHINA_API_KEY"']
  if (name === "header") return (settings.header ?? []).map((header) => shellHeader(header))
  return [settings[name]].flat().map((value) => shellWord(String(value)))
}

/** Returns the arguments of `run`, quoted for a shell, that describe the target and how it was asked. */
export function replayArguments(settings: Settings): string[] {
  return (Object.keys(runOptions) as OptionName[]).flatMap((name) => {
    const value = settings[name]
    if (notReplayed.has(name) || value === undefined) return []
    if (name !== "profile" && JSON.stringify(value) === JSON.stringify(defaultOf(name))) return []
    const [flag = ""] = runOptions[name].flag.split(" ")
    return value === true ? [flag] : valuesOf(name, settings).flatMap((each) => [flag, each])
  })
}
