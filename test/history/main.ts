import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { messageOf } from '../../src/util/errors.ts'
import { play } from './history.ts'

/** Plays one history of real processes, and says in one line of JSON what became of it. */
const { values } = parseArgs({
  options: {
    long: { type: 'boolean', default: false },
    minutes: { type: 'string' },
    seed: { type: 'string' },
    /** One of `test/model/mutants`: the safeguard is taken out of all gateways and commands, and the history has to notice. */
    mutant: { type: 'string' },
  },
  strict: false,
})
const seed = Number(values.seed ?? Math.floor(Math.random() * 1_000_000))
const minutes = Number(values.minutes ?? (values.long ? 30 : 1))
process.env['CROSSFADE_CACHE_DIR'] ??= join(tmpdir(), 'crossfade-cache')
if (values.mutant) {
  process.env['CROSSFADE_MUTANT'] = String(values.mutant)
  process.env['NODE_OPTIONS'] = `--import ${new URL('../model/mutate.ts', import.meta.url).href}`
}
// Hooks of the exit end gateways and commands, which a signal would leave behind
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1))
const dataDir = mkdtempSync(join(tmpdir(), 'crossfade-history-'))
const began = performance.now()
const log = (line: string): void => console.error(`${((performance.now() - began) / 1_000).toFixed(1)} s: ${line}`)
log(`history: seed ${seed}, ${minutes} min${values.mutant ? `, without ${values.mutant}` : ''}, files in ${dataDir}`)
try {
  const plan = { seed, lastsMs: minutes * 60_000, gateways: 3, clients: 2, dataDir }
  const { broken, ...report } = await play(plan, log)
  for (const line of broken) log(`BROKEN ${line}`)
  if (broken.length === 0) rmSync(dataDir, { recursive: true, force: true })
  console.log(JSON.stringify({ mode: 'history', seed, ...report }))
  process.exitCode = broken.length === 0 ? 0 : 2
} catch (error) {
  log(`the history could not be played: ${error instanceof Error ? (error.stack ?? messageOf(error)) : error}`)
  process.exitCode = 1
}
process.exit()
