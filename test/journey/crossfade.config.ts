import { defineConfig } from 'crossfade'
import demo from '../../crossfade.config.ts'

/**
 * The demo's app. On a machine that does something else as well, times of a hundred reads tell little.
 * Stand-in (SecantusDB): `theatersNear` over 1,564 theatres keeps it silent for so long that reads go to the other store,
 * and nothing is compared.
 */
export default defineConfig({
  ...demo,
  gates: { ...demo.gates, latencyFactor: 20, types: { Theater: { comparisons: 2, coveragePercent: 80 } } },
})
