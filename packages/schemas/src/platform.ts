import { z } from "zod"
import { openObject } from "./open.ts"
import { chosen } from "./provenance.ts"

// The documentation lists these schemas without an endpoint and without readable members. The members are
// those of the management API of QuantumNous/new-api, where the five names occur in the same order.

const int = z.int().optional()
const string = z.string().optional()

export const Log = openObject({
  id: int.describe("ID of the log entry."),
  user_id: int.describe("ID of the user that the entry belongs to."),
  type: int.describe(
    "Type of the entry: 0 unknown, 1 top-up, 2 consumption, 3 management, 4 system, 5 error, 6 refund.",
  ),
  content: string.describe("Text of the entry."),
  created_at: int.describe("Creation time in Unix seconds."),
}).meta({ id: "Log", ...chosen, description: "Entry of the gateway's log." })
export type Log = z.infer<typeof Log>

export const User = openObject({
  id: int.describe("ID of the user."),
  username: string.describe("Name that the user logs in with."),
  display_name: string.describe("Name that is displayed."),
  role: int.describe("Role of the user: 0 guest, 1 common, 10 administrator, 100 root."),
  status: int.describe("Status of the user: 1 enabled, 2 disabled."),
  email: string.describe("Email address of the user."),
  group: string.describe("Group that the user belongs to."),
  quota: int.describe("Quota of the user, in the gateway's units."),
  used_quota: int.describe("Used quota, in the gateway's units."),
  request_count: int.describe("Number of requests that the user has sent."),
}).meta({ id: "User", ...chosen, description: "User of the gateway." })
export type User = z.infer<typeof User>

export const Channel = openObject({
  id: int.describe("ID of the channel."),
  name: string.describe("Name of the channel."),
  type: int.describe("Type of the upstream, as a number that the gateway defines."),
  status: int.describe(
    "Status of the channel: 0 unknown, 1 enabled, 2 disabled manually, 3 disabled automatically.",
  ),
  models: string.describe("IDs of the channel's models, separated by commas."),
  groups: string.describe("Groups of users that may use the channel."),
  priority: int.describe("Priority of the channel."),
  weight: int.describe("Weight of the channel."),
  base_url: string.describe("Base URL of the upstream."),
  tag: string.describe("Label of the channel."),
}).meta({ id: "Channel", ...chosen, description: "Upstream that the gateway relays requests to." })
export type Channel = z.infer<typeof Channel>

export const Token = openObject({
  id: int.describe("ID of the token."),
  user_id: int.describe("ID of the user that the token belongs to."),
  name: string.describe("Name of the token."),
  key: string.describe("API key without its `sk-` prefix. A secret."),
  status: int.describe("Status of the token: 1 enabled, 2 disabled, 3 expired, 4 exhausted."),
  expired_time: int.describe("Expiry time in Unix seconds; -1 means never."),
  remain_quota: int.describe("Remaining quota, in the gateway's units."),
  unlimited_quota: z.boolean().optional().describe("Whether the token has no quota limit."),
}).meta({ id: "Token", ...chosen, description: "API key of a user." })
export type Token = z.infer<typeof Token>

export const Redemption = openObject({
  id: int.describe("ID of the redemption code."),
  name: string.describe("Name of the redemption code."),
  key: string.describe("The code. A secret."),
  status: int.describe("Status of the code: 1 unused, 2 disabled, 3 used."),
  quota: int.describe("Quota that the code adds, in the gateway's units."),
  created_time: int.describe("Creation time in Unix seconds."),
  redeemed_time: int.describe("Time of redemption in Unix seconds."),
}).meta({ id: "Redemption", ...chosen, description: "Code that adds quota to a user." })
export type Redemption = z.infer<typeof Redemption>
