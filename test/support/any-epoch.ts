/** For puts that no flag is to overtake. */
export const anyEpoch = Number.MAX_SAFE_INTEGER
