/** In the last text of a user, it makes the model refuse (chosen). */
const refuseMarker = "[mock:refuse]"
/** In the last text of a user, it makes a content filter end the reply halfway (chosen). */
const filterMarker = "[mock:filter]"

/** What a model says instead of what was asked for. */
export const refusalText = "I'm sorry, but I can't help with that."

/** Whether the last text of a user makes the model refuse. */
export function refuses(said: string): boolean {
  return said.includes(refuseMarker)
}

/** Whether the last text of a user makes a content filter end the reply halfway. */
export function isFiltered(said: string): boolean {
  return said.includes(filterMarker)
}
