import { defineConfig } from 'crossfade'
import demo from '../../crossfade.config.ts'

/** The demo's app. On a machine that does something else as well, times of a hundred reads tell little. */
export default defineConfig({ ...demo, gates: { ...demo.gates, latencyFactor: 20 } })
