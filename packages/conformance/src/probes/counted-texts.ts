/** A text of one token, or of a few. */
export const shortText = "Rain"

/** A text of a hundred words, few of them twice: of any model's tokens it has many more than a word, and it fits in its input. */
export const longText =
  "The harbour was quiet that morning. Fishermen mended their nets while gulls circled above the pier, and a bell " +
  "rang twice from the old chapel on the hill. Children carried baskets of bread past shuttered windows, laughing at " +
  "some joke nobody else could hear. By noon the fog had lifted, ferries crossed between green islands, and merchants " +
  "opened stalls with oranges, copper kettles, woollen scarves and painted clocks. An elderly captain told visitors " +
  "how storms once drove forty ships onto these rocks. Later, lanterns appeared along every street, musicians tuned " +
  "their violins, and slow waves kept time beneath wooden boats."
