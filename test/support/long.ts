/** Rounds of a fault or property test: few in CI, many in the long run (`npm run test:faults -- --long`). */
export const rounds = (short: number, long: number): number => (process.env['CROSSFADE_LONG'] === '1' ? long : short)
