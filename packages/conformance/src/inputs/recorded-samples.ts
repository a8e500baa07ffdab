import type { Exchange, ForeignLine } from "@nexhina/wire"
import { type Evidence, evidenceOf } from "../evidence.ts"
import { type ExecutedSample, presenceSender } from "../target/execute.ts"
import { Intent } from "./intent.ts"
import {
  type EndLine,
  type FactsLine,
  isRunLine,
  type RunLine,
  runLineOf,
  type SampleLine,
} from "./run-line.ts"

/** Id under which recorded requests of other clients are judged: no probe or rule has it. */
export const otherClients = "recorded traffic"

/** A part of a recording, as it is judged. */
export type RecordedPart =
  | { readonly kind: "run"; readonly line: RunLine }
  | { readonly kind: "facts"; readonly line: FactsLine }
  | { readonly kind: "end"; readonly line: EndLine }
  | {
      readonly kind: "sample"
      readonly executed: ExecutedSample
      readonly repeats?: NonNullable<SampleLine["repeats"]>
    }
  /** A request of a client that did not record its intent. */
  | { readonly kind: "other"; readonly exchange: Exchange }

interface PendingExchange {
  readonly evidence: Evidence
  readonly intent: Intent
}

/** Maximum number of exchanges that wait for the line that names their sample, and of intents without exchange. */
const maxPending = 1000

/** Returns whether only the kit writes a line, in a run. */
export const isKitLine = (line: ForeignLine): boolean => line.fact === "intent" || isRunLine(line)

const lostCut = "a part of it is missing in the recording"

/** Puts the exchanges of a transcript together to the samples of the run that sent them. */
export class RecordedSamples {
  private readonly intents = new Map<string, Intent>()
  private readonly pending = new Map<string, PendingExchange>()

  /** Adds an exchange. Returns the samples that are complete with it. */
  exchange(exchange: Exchange): readonly RecordedPart[] {
    const intent = this.intents.get(exchange.id)
    if (!intent) return [{ kind: "other", exchange }]
    this.intents.delete(exchange.id)
    // Whether the target is there is not what rules judge.
    if (intent.by === presenceSender) return []
    this.pending.set(exchange.id, { evidence: evidenceOf(exchange, intent), intent })
    return this.pending.size > maxPending ? this.unclaimed(this.oldest()) : []
  }

  /** Adds a line about exchanges. Returns the samples that are complete with it. */
  line(line: ForeignLine): readonly RecordedPart[] {
    if (line.fact === "intent") {
      const intent = Intent.parse(line)
      this.intents.set(intent.id, intent)
      const [oldest] = this.intents.keys()
      if (oldest !== undefined && this.intents.size > maxPending) this.intents.delete(oldest)
      return []
    }
    const fact = runLineOf(line)
    switch (fact?.fact) {
      case "run":
        return [{ kind: "run", line: fact }]
      case "facts":
        // The requests to models that were not chosen.
        this.pending.clear()
        return [{ kind: "facts", line: fact }]
      case "sample":
        return [this.sample(fact)]
      case "run-end":
        return [{ kind: "end", line: fact }]
      default:
        return []
    }
  }

  /** Returns the samples that the recording does not contain completely. */
  rest(): readonly RecordedPart[] {
    const parts: RecordedPart[] = []
    while (this.pending.size > 0) parts.push(...this.unclaimed(this.oldest()))
    return parts
  }

  private oldest(): string {
    const [oldest] = this.pending.values()
    return oldest?.intent.group ?? ""
  }

  private sample({ by, index, asked, draw, cut, breach, repeats }: SampleLine): RecordedPart {
    const found = asked.flatMap(({ id, exercises, refused }) => {
      const pending = this.pending.get(id)
      return pending ? [{ ...pending, exercises, refused }] : []
    })
    const missing = found.length < asked.length ? lostCut : undefined
    const shown = cut ?? missing
    // Requests of the sample that the end of the run has cut.
    for (const [id, { intent }] of this.pending)
      if (intent.group === `${by}[${index}]`) this.pending.delete(id)
    const executed: ExecutedSample = {
      sample: { by, index, asks: [], ...(draw && { draw: { ...draw, value: [], shrink: () => [] } }) },
      asked: found.map(({ evidence, intent, exercises, refused }) => ({
        ...askedOf(evidence, intent, exercises),
        ...(refused && { refused: new Map(refused) }),
      })),
      ...(shown !== undefined && { cut: shown }),
      ...(breach !== undefined && { breach }),
    }
    return { kind: "sample", executed, ...(repeats && { repeats }) }
  }

  /** Takes the exchanges of a group that no line names as a sample. */
  private unclaimed(group: string): readonly RecordedPart[] {
    const asked = [...this.pending].filter(([, { intent }]) => intent.group === group)
    for (const [id] of asked) this.pending.delete(id)
    const [first] = asked
    if (!first) return []
    const { by, draw } = first[1].intent
    const index = Number(/\[(\d+)\]$/.exec(group)?.[1] ?? 0)
    return [
      {
        kind: "sample",
        executed: {
          sample: { by, index, asks: [], ...(draw && { draw: { ...draw, value: [], shrink: () => [] } }) },
          asked: asked.map(([, { evidence, intent }]) => askedOf(evidence, intent)),
          cut: lostCut,
        },
      },
    ]
  }
}

function askedOf(
  exchange: Evidence,
  { fault, key }: Intent,
  exercises?: readonly string[],
): ExecutedSample["asked"][number] {
  const operation = exchange.operation.value
  if (operation === undefined) return { exchange }
  return {
    exchange,
    step: { operation, ...(fault && { fault }), ...(key && { key }), ...(exercises && { exercises }) },
  }
}
