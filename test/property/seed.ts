/** The seed of property tests: `CROSSFADE_SEED` to repeat a run, else of the clock. Failures print it. */
export const seed = Number(process.env['CROSSFADE_SEED'] ?? Date.now() % 2 ** 31)
