/** In the last text of a user, it makes the model refuse (chosen). */
const refuseMarker = "[mock:refuse]"
/** In the last text of a user, it makes a content filter end the reply halfway (chosen). */
const filterMarker = "[mock:filter]"

/** In the last text of a user, it makes the model call a tool that the request leaves to its choice (chosen). */
const callMarker = "[mock:call]"

/** What a model says instead of what was asked for. */
export const refusalText = "I'm sorry, but I can't help with that."

/** Returns whether the last text of the user makes the model call a tool. */
export function asksForCall(userText: string): boolean {
  return userText.includes(callMarker)
}

/** Returns whether the last text of the user makes the model refuse. */
export function refuses(said: string): boolean {
  return said.includes(refuseMarker)
}

/** Returns whether the last text of the user makes a content filter end the reply halfway. */
export function isFiltered(said: string): boolean {
  return said.includes(filterMarker)
}
