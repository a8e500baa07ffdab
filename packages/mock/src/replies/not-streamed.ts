import { Refusal } from "../refusal.ts"

/**
 * Refuses a request with a member that asks for a stream that the mock does not support: ignored, it would give clients
 * no event and no error. The contract does not have these members, so that a form's value is text.
 */
export function refuseStream(
  request: object,
  member: Readonly<Record<string, true | string>>,
  what: string,
): void {
  for (const [param, asking] of Object.entries(member)) {
    if (String(Reflect.get(request, param)) !== String(asking)) continue
    throw new Refusal(400, {
      message: `Unsupported parameter: '${param}'. The mock does not stream ${what}.`,
      param,
      code: "unsupported_parameter",
    })
  }
}
