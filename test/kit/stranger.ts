/** What a request of a stranger costs at the most: what docs/from-zero.md reckons with, and tests hold the door to. */
export const STRANGER = {
  /** Billed, with the memory that functions have unless told otherwise. */
  billedMs: 5,
  /** Of the log: what the function writes, and the three lines of Lambda itself about each invocation. */
  logBytes: 1_250,
  logBytesOfLambda: 350,
} as const;
