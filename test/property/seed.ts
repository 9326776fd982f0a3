/**
 * The seed of property tests: `CROSSFADE_SEED` to repeat a run; in CI always the same, so that a change is judged by
 * what it changed; else of the clock. Every run prints it.
 */
export const seed = Number(process.env['CROSSFADE_SEED'] ?? (process.env['CI'] ? 1 : Date.now() % 2 ** 31))
