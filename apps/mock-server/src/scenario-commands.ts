import { readFileSync } from "node:fs"
import { type ExplainedRequest, explainRequest } from "@nexhina/mock"
import { endpoints, type OperationId } from "@nexhina/schemas"
import { catalogue } from "./catalogue.ts"
import { counted } from "./counted.ts"
import type { ScenarioCommand } from "./options.ts"
import { readable, UsageError } from "./readable.ts"
import { loadScenarios } from "./scenario-files.ts"

/** Runs `lint` or `explain` and returns the exit code: 0 when all is well, 1 for a finding, 2 for wrong usage. */
export async function runScenarioCommand(command: ScenarioCommand): Promise<number> {
  try {
    return await (command.name === "lint" ? lint(command.files) : explain(command))
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    console.error(`error: ${error.message}`)
    return 2
  }
}

async function lint(files: readonly string[]): Promise<number> {
  const { scenarios, problems } = await loadScenarios(files, catalogue)
  for (const problem of problems) console.log(problem)
  console.log(
    problems.length > 0
      ? counted(problems.length, "problem")
      : `${counted(scenarios.length, "scenario")}, no problems`,
  )
  return problems.length > 0 ? 1 : 0
}

type ExplainCommand = Extract<ScenarioCommand, { readonly name: "explain" }>

async function explain({ request, scenarios: paths, operation, headers }: ExplainCommand): Promise<number> {
  const { scenarios, places, problems } = await loadScenarios(paths, catalogue)
  if (problems.length > 0) {
    for (const problem of problems) console.error(problem)
    return 2
  }
  const body = readBody(request)
  const asked: ExplainedRequest = { body, headers, ...(operation && { operation: operationOf(operation) }) }
  try {
    const { kind, text } = await explainRequest(scenarios, asked, places)
    console.log(text)
    return kind === "hit" ? 0 : 1
  } catch (error) {
    // The mock would refuse the request before it looks at scenarios.
    if (!(error instanceof Error && error.name === "Refusal")) throw error
    console.error(`error: '${request}' is not a valid request: ${error.message}`)
    return 2
  }
}

function operationOf(name: string): OperationId {
  const known = Object.keys(endpoints)
  if (!known.includes(name)) {
    throw new UsageError(
      `option '--operation <id>': unknown operation '${name}'. Use one of ${known.join(", ")}`,
    )
  }
  // The registry's keys are the operation ids.
  return name as OperationId
}

function readBody(file: string): object {
  const text = readable(file, () => readFileSync(file === "-" ? 0 : file, "utf8"))
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch (error) {
    throw new UsageError(`'${file}' is not JSON: ${(error as Error).message}`)
  }
  if (typeof body === "object" && body !== null && !Array.isArray(body)) return body
  throw new UsageError(`'${file}' is not the body of a request: expected a JSON object`)
}
