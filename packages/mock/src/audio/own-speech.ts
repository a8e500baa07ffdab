/** Prefix of the metadata comment in generated speech; the spoken text follows. */
export const ownSpeech = "Speech of the mock: "
