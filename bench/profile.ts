import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openSession } from '../src/cli/session.ts'
import { insertExported } from '../src/demo/sample.ts'
import { typeOf } from '../src/entity/type-of.ts'
import { profile } from '../src/jobs/profile.ts'
import { ownAnswer } from '../src/resolve/own-answer.ts'
import type { Json } from '../src/util/json.ts'
import { say } from './fixture.ts'
import { median } from './load.ts'
import type { Row } from './row.ts'

const size = 20_000
const rounds = 5

/** Documents a second, and CPU microseconds of this process a document. */
async function measured(work: () => Promise<number>): Promise<readonly [rate: number, cpu: number]> {
  const [began, used] = [performance.now(), process.cpuUsage()]
  const documents = await work()
  const { user, system } = process.cpuUsage(used)
  return [documents / ((performance.now() - began) / 1_000), (user + system) / documents]
}

/**
 * A profile of 20,000 movies against a plain find of the same collection, with the driver's objects and as bytes. The
 * server's own speed is the ceiling of all three.
 */
export async function profileBench(): Promise<Row[]> {
  const dataDir = mkdtempSync(join(tmpdir(), 'crossfade-bench-'))
  process.env['CROSSFADE_DATA_DIR'] = dataDir
  const session = await openSession(undefined, say)
  const { config, stores } = session
  try {
    const movies = config.demo!.generate(5)['movies']! as Record<string, Json>[]
    const documents = Array.from({ length: size }, (_, n) => ({
      ...movies[n % movies.length]!,
      _id: { $oid: n.toString(16).padStart(24, '0') },
    }))
    await insertExported(stores.mongo.connection, 'movies', documents)
    const collection = stores.mongo.connection.patient().db.collection('movies')
    const run = { mongo: stores.mongo, entities: config.entities, answer: ownAnswer, sample: null }
    const work = {
      async find() {
        let count = 0
        for await (const _ of collection.find({}, { batchSize: 1_000 })) count++
        return count
      },
      async bytes() {
        let count = 0
        for await (const _ of collection.find({}, { batchSize: 1_000, raw: true })) count++
        return count
      },
      profile: async () => (await profile({ ...run, entity: typeOf(config.entities, 'Movie') })).documents,
    }
    type Name = keyof typeof work
    const found: Record<Name, { rates: number[]; cpu: number[] }> = {
      find: { rates: [], cpu: [] },
      bytes: { rates: [], cpu: [] },
      profile: { rates: [], cpu: [] },
    }
    for (const warmUp of Object.values(work)) await warmUp()
    const before = process.memoryUsage().rss
    for (let round = 0; round < rounds; round++) {
      for (const name of ['find', 'profile', 'bytes', 'find'] as const) {
        const [rate, cpu] = await measured(work[name])
        found[name].rates.push(rate)
        found[name].cpu.push(cpu)
      }
    }
    const grown = (process.memoryUsage().rss - before) / 2 ** 20
    const bytes = (await run.mongo.connection.db.command({ collStats: 'movies' }).catch(() => null))?.['avgObjSize']
    say(`a document has about ${bytes ?? 'an unknown number of'} bytes; the process grew by ${grown.toFixed(1)} MB`)
    const [find, raw, ours] = (['find', 'bytes', 'profile'] as const).map((name) => median(found[name].rates))
    const [findCpu, rawCpu, oursCpu] = (['find', 'bytes', 'profile'] as const).map((name) => median(found[name].cpu))
    const row = (name: string, unit: string, baseline: number, its: number): Row => ({
      bench: 'profile',
      case: name,
      baseline: Math.round(baseline),
      ours: Math.round(its),
      unit,
      ratio: its / baseline,
    })
    return [
      row('20,000 movies, against find', 'documents/s', find!, ours!),
      row('20,000 movies, against find as bytes', 'documents/s', raw!, ours!),
      row('CPU a document, against find', 'µs', findCpu!, oursCpu!),
      row('CPU a document, against find as bytes', 'µs', rawCpu!, oursCpu!),
    ]
  } finally {
    await session.close()
    rmSync(dataDir, { recursive: true, force: true })
  }
}
