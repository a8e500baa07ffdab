/** Default maximum size of a request body: 32 MiB (chosen). */
export const defaultMaxBodyBytes: number = 32 * 2 ** 20
