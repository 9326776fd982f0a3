import { setTimeout as sleep } from 'node:timers/promises'
import { conflictLog } from '../../src/mirror/conflicts.ts'
import { adopt } from '../../src/stores/mongo/codec/adopt.ts'
import { type MongoStore, mongoStore } from '../../src/stores/mongo/mongo-store.ts'
import { type PostgresStore, postgresStore } from '../../src/stores/postgres/postgres-store.ts'
import { Note } from '../history/app/entities.ts'
import { command, commanded } from '../history/command.ts'
import { gatewayProcess } from '../history/gateway-process.ts'
import { type Random, randomOf } from '../model/random.ts'
import { compareStores } from '../support/compare-stores.ts'
import { type WorkerProcess, workerProcess } from './worker-process.ts'
import { startWriters } from './writers.ts'

export interface Plan {
  readonly seed: number
  readonly documents: number
  readonly kills: number
  /** Records a range, and documents a second that one worker copies. */
  readonly perRange: number
  readonly rate: number
  /** A worker at work is killed within so many milliseconds. */
  readonly withinMs: number
  readonly dataDir: string
  readonly env: Readonly<Record<'MONGODB_URI' | 'DATABASE_URL', string>>
}

/** What became of a copy by two workers that were killed now and again. */
export interface Report {
  readonly seed: number
  readonly documents: number
  readonly kills: number
  readonly ranges: number
  readonly seconds: number
  /** Writes of clients during the copy. */
  readonly acknowledged: number
  /** Of those, notes that do not hold what was acknowledged. */
  readonly lost: number
  /** Records that are not alike in both stores, by the test's own comparison. */
  readonly differing: number
  readonly compared: number
  /** Copies that were kept since they differed: what two workers did to each other would be among them. */
  readonly conflicts: number
  /** Rows of an id beyond the first, and documents likewise. */
  readonly duplicates: number
  /** Exit code of `verify`. */
  readonly verified: number | null
  /** Of either worker at its ends, in megabytes: every fifth of the time. */
  readonly resident: readonly number[]
  /** How long a worker at work took to leave when it was told to, in milliseconds. */
  readonly leftMs: number
}

interface WholeStores {
  readonly mongo: MongoStore
  readonly postgres: PostgresStore
}

const noteId = (n: number): string => `note-${String(n).padStart(7, '0')}`
const body = 'lorem ipsum dolor sit amet consectetur adipiscing elit '.repeat(16)

async function insertNotes({ mongo }: WholeStores, count: number): Promise<void> {
  const notes = mongo.connection.db.collection<{ _id: string }>('notes')
  for (let start = 0; start < count; start += 1_000) {
    const length = Math.min(1_000, count - start)
    await notes.insertMany(
      Array.from({ length }, (_, n) => ({ _id: noteId(start + n), log: ['first'], n: 1, body })) as never[],
    )
  }
}

/** Kills one of the workers at a time, at work, and starts it again. @returns how often, before the copy was over. */
async function killWorkers(
  workers: readonly WorkerProcess[],
  { kills, withinMs }: Plan,
  random: Random,
  isOver: () => boolean,
): Promise<number> {
  for (let killed = 0; killed < kills; killed++) {
    const victim = random.pick(workers)
    await victim.atWork(30_000)
    await sleep(random.below(withinMs))
    if (isOver()) return killed
    await victim.end('SIGKILL')
    victim.start()
  }
  return kills
}

/** Ends a worker as Ctrl-C does, and starts it again. @returns after how many milliseconds it was gone. */
async function leave(worker: WorkerProcess): Promise<number> {
  await worker.atWork(30_000)
  const asked = performance.now()
  await worker.end('SIGINT')
  const leftMs = Math.round(performance.now() - asked)
  worker.start()
  return leftMs
}

async function readReport(stores: WholeStores, writers: ReturnType<typeof startWriters>) {
  const { compared, different } = await compareStores(stores, Note)
  let lost = 0
  const ids = [...writers.expected.keys()]
  const images = new Map((await stores.mongo.outbox.images(Note, ids)).map((image) => [image.id, image.record]))
  for (const [id, n] of writers.expected) {
    if (n === undefined) continue
    if ((images.get(id)?.['n'] ?? null) !== n) lost++
  }
  const { rows } = await stores.postgres.connection.pool.query(
    'select (count(*) - count(distinct id))::int as n, count(*)::int as all from notes',
  )
  const conflicts = await stores.mongo.ledger.length(conflictLog)
  return { compared, differing: different.length, lost, conflicts, duplicates: Number(rows[0].n) }
}

/**
 * Notes are copied by two processes of `crossfade worker`, each of which is killed at random while clients write through a
 * gateway; then both stores are compared, by `verify` and by the test's own eyes.
 */
export async function killedWorkers(plan: Plan, log: (line: string) => void): Promise<Report> {
  const { MONGODB_URI: mongoUri, DATABASE_URL: databaseUrl } = plan.env
  // Stand-in (SecantusDB): it takes seconds for what a server does at once, and more on a busy machine
  const patience = { waitMs: 60_000, maxTimeMs: 60_000 }
  const stores = {
    mongo: mongoStore({ uri: mongoUri, ...patience }),
    postgres: postgresStore({ uri: databaseUrl, adopt }),
  }
  try {
    return await play(stores, plan, log)
  } finally {
    await Promise.all([stores.mongo.close(), stores.postgres.close()])
  }
}

async function play(stores: WholeStores, plan: Plan, log: (line: string) => void): Promise<Report> {
  const { seed, documents, perRange, rate, dataDir, env } = plan
  const random = randomOf(seed)
  const settings = { ...env, CROSSFADE_DATA_DIR: dataDir }
  await commanded(['migrate', 'up'], settings)
  await insertNotes(stores, documents)
  const gateway = await gatewayProcess({ name: 'gateway', dataDir, env: settings })
  gateway.start()
  const args = ['Note', '--batch', String(Math.min(500, Math.max(10, Math.floor(rate / 4)))), '--rate', String(rate)]
  const workers = [0, 1].map(() => workerProcess(args, settings))
  try {
    await gateway.ready()
    await commanded(['stage', 'set', 'Note', 'dualwrite', '--no-other-writers'], settings)
    const some = Array.from({ length: 400 }, () => noteId(random.below(documents)))
    const writers = startWriters(gateway.url, [...new Set(some)], 3, random)
    const began = performance.now()
    let isOver = false
    const resident: number[] = []
    const watching = setInterval(() => resident.push(Math.max(...workers.map((worker) => worker.resident))), 250)
    const copying = command(['backfill', 'Note', '--workers', '0', '--range', String(perRange), '--json'], settings)
    void copying.then(() => {
      isOver = true
    })
    for (const worker of workers) worker.start()
    const killed = await killWorkers(workers, plan, random, () => isOver)
    log(`${killed} kills in ${Math.round((performance.now() - began) / 1_000)} s`)
    const leftMs = await leave(workers[0]!)
    const copied = await copying
    const seconds = Math.round((performance.now() - began) / 1_000)
    clearInterval(watching)
    if (copied.code !== 0) throw new Error(`the backfill ended with ${copied.code}: ${copied.text}`)
    const [progress] = JSON.parse(copied.stdout) as [{ ranges: number }]
    await writers.stop()
    await commanded(['mirror', 'retry', 'Note'], settings)
    const verified = await command(['verify', 'Note', '--json'], settings)
    log(verified.text)
    const fifth = Math.max(1, Math.floor(resident.length / 5))
    return {
      seed,
      documents,
      kills: killed,
      ranges: progress.ranges,
      seconds,
      acknowledged: writers.acknowledged,
      ...(await readReport(stores, writers)),
      verified: verified.code,
      resident: Array.from({ length: 5 }, (_, n) =>
        Math.round(Math.max(0, ...resident.slice(n * fifth, (n + 1) * fifth))),
      ),
      leftMs,
    }
  } catch (error) {
    for (const worker of workers) log(worker.said.slice(-2_000))
    throw error
  } finally {
    await Promise.all([gateway.kill(), ...workers.map((worker) => worker.end('SIGKILL'))])
  }
}
