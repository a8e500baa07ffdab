/** What the comment in the tags of the mock's own speech begins with; the spoken text follows. */
export const ownSpeech = "Speech of the mock: "
