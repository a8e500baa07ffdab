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
    "The sentences of the gateway's streaming guide (`G`) and of this project's contract about stream framing (`F`), chat",
    "(`C`) and Responses (`R`), each with the rules that judge it and the defects that break those rules.",
    "A sentence without rules states why. This page is generated from the code.",
    "",
    table(
      ["id", "sentence", "source", "rules", "defects"],
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
