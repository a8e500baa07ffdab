import { z } from "zod"
import { openObject } from "./open.ts"
import { chosen } from "./provenance.ts"

// The documentation lists these schemas without an endpoint and without readable members. The members are
// those of the management API of QuantumNous/new-api, where the five names occur in the same order.

const int = z.int().optional()
const string = z.string().optional()

export const Log = openObject({
  id: int,
  user_id: int,
  type: int.meta({ description: "1 top-up, 2 consumption, 3 management, 4 system, 5 error, 6 refund." }),
  content: string,
  created_at: int.meta({ description: "Unix seconds." }),
}).meta({ id: "Log", ...chosen })
export type Log = z.infer<typeof Log>

export const User = openObject({
  id: int,
  username: string,
  display_name: string,
  role: int.meta({ description: "0 guest, 1 common, 10 administrator, 100 root." }),
  status: int.meta({ description: "1 enabled, 2 disabled." }),
  email: string,
  group: string,
  quota: int,
  used_quota: int,
  request_count: int,
}).meta({ id: "User", ...chosen })
export type User = z.infer<typeof User>

export const Channel = openObject({
  id: int,
  name: string,
  type: int,
  status: int.meta({ description: "1 enabled, 2 disabled by hand, 3 disabled by the system." }),
  models: string.meta({ description: "Model ids, separated by commas." }),
  groups: string,
  priority: int,
  weight: int,
  base_url: string,
  tag: string,
}).meta({ id: "Channel", ...chosen, description: "An upstream that the gateway relays to." })
export type Channel = z.infer<typeof Channel>

export const Token = openObject({
  id: int,
  user_id: int,
  name: string,
  key: string.meta({ description: "The key without its `sk-` prefix. A secret." }),
  status: int.meta({ description: "1 enabled, 2 disabled, 3 expired, 4 exhausted." }),
  expired_time: int.meta({ description: "Unix seconds; -1 means never." }),
  remain_quota: int,
  unlimited_quota: z.boolean().optional(),
}).meta({ id: "Token", ...chosen, description: "An API key of a user." })
export type Token = z.infer<typeof Token>

export const Redemption = openObject({
  id: int,
  name: string,
  key: string.meta({ description: "The code. A secret." }),
  status: int.meta({ description: "1 unused, 2 disabled, 3 used." }),
  quota: int,
  created_time: int.meta({ description: "Unix seconds." }),
  redeemed_time: int.meta({ description: "Unix seconds." }),
}).meta({ id: "Redemption", ...chosen, description: "A code that adds quota." })
export type Redemption = z.infer<typeof Redemption>
