import type { Sentence } from "@nexhina/conformance"
import type { Defect } from "@nexhina/defects"
import { codes, table } from "./table.ts"

/** Each sentence about streams, with the rules that judge it and the defects that break it, as a Markdown page. */
export function traceabilityPage(sentences: readonly Sentence[], defects: readonly Defect[]): string {
  const breaking = (rules: readonly string[]) =>
    defects.filter(({ breaks }) => rules.includes(breaks)).map(({ id }) => id)
  return `${[
    "# From sentences to rules",
    "",
    "What the gateway's streaming guide says (`G`), and what this project holds of the framing of streams (`F`), of chat",
    "(`C`) and of Responses (`R`); for each, the rules that judge it and the defects of the catalogue that break those",
    "rules. A sentence that no rule judges says why. This page is generated from the sentences, rules and defects.",
    "",
    table(
      ["", "sentence", "where from", "rules", "defects"],
      sentences.map((sentence) => [
        sentence.id,
        sentence.says,
        `${sentence.source} (${sentence.provenance})`,
        "rules" in sentence ? codes(sentence.rules) : sentence.untested,
        "rules" in sentence ? codes(breaking(sentence.rules)) : "",
      ]),
    ),
  ].join("\n")}\n`
}
