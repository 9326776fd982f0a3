/** Whether this is the long run. Some tests belong to it alone: where all run at once, stores are in more trouble than a test makes. */
export const isLong = process.env['CROSSFADE_LONG'] === '1'

/** Rounds of a fault or property test: few in CI, many in the long run (`npm run test:faults -- --long`). */
export const rounds = (short: number, long: number): number => (isLong ? long : short)
