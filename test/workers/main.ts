import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { startStores } from '../../src/embedded/start-stores.ts'
import { killedWorkers } from './killed-workers.ts'

/** Kills two workers at random while they copy under writes, and says in one line of JSON what was left. */
const { values } = parseArgs({
  options: {
    long: { type: 'boolean', default: false },
    documents: { type: 'string' },
    kills: { type: 'string' },
    seed: { type: 'string' },
    rate: { type: 'string' },
    /** Stand-in (SecantusDB): it goes through the whole collection for each cursor, so that a worker needs time to begin. */
    within: { type: 'string' },
  },
  strict: false,
})
const whole = (given: unknown, otherwise: number): number => (given === undefined ? otherwise : Number(given))
const documents = whole(values.documents, values.long ? 100_000 : 3_000)
const kills = whole(values.kills, values.long ? 25 : 4)
const withinMs = whole(values.within, values.long ? 12_000 : 1_500)
const seed = whole(values.seed, Math.floor(Math.random() * 1e6))
process.env['CROSSFADE_CACHE_DIR'] ??= join(tmpdir(), 'crossfade-cache')
// Hooks of the exit end the processes, which a signal would leave behind
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1))
const dataDir = mkdtempSync(join(tmpdir(), 'crossfade-workers-'))
const log = (line: string): void => console.error(line)
log(`workers: seed ${seed}, ${documents} documents, ${kills} kills, files in ${dataDir}`)
const servers = await startStores({ dataDir, log })
try {
  const report = await killedWorkers(
    {
      seed,
      documents,
      kills,
      // It is to last until all of them are killed
      rate: whole(values.rate, Math.ceil((documents * 1_000) / kills / withinMs / 2)),
      perRange: Math.ceil(documents / 8),
      withinMs,
      dataDir,
      env: { MONGODB_URI: servers.mongo.uri, DATABASE_URL: servers.postgres.uri },
    },
    log,
  )
  console.log(JSON.stringify({ mode: 'workers', ...report }))
  const { lost, differing, conflicts, duplicates, verified } = report
  const isKept = lost + differing + conflicts + duplicates === 0 && verified === 0
  if (isKept) rmSync(dataDir, { recursive: true, force: true })
  process.exitCode = isKept ? 0 : 2
} finally {
  await servers.stop()
}
process.exit()
