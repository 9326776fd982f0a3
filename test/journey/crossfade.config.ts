import { defineConfig } from 'crossfade'
import demo from '../../crossfade.config.ts'

/**
 * The demo's app. On a machine that does something else as well, times of a hundred reads tell little.
 * Stand-in (SecantusDB): while it looks for theatres nearby it is silent for so long that other reads go to the other
 * store, and are not compared: neither coverage nor how many were decided is asked for.
 */
export default defineConfig({
  ...demo,
  gates: { ...demo.gates, latencyFactor: 20, coveragePercent: false, decidedPercent: false },
  record: { percent: 100 },
})
