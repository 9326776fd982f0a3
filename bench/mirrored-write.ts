import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import config from '../crossfade.config.ts'
import { Comment } from '../schema/comment.ts'
import { openInstance } from '../src/gateway/open-instance.ts'
import { sweepNow } from '../src/jobs/sweep-now.ts'
import { verify } from '../src/jobs/verify.ts'
import { independent } from '../src/routing/declared-writes.ts'
import { noReads } from '../src/routing/read-limits.ts'
import { write } from '../src/routing/writes.ts'
import { type Fixture, say, withFixture } from './fixture.ts'
import type { Row } from './row.ts'
import { lostByHand, prepareByHand, valuesOf, writeByHand } from './write-by-hand.ts'
import { type Write, writesASecond } from './writes-a-second.ts'

const kills = 100

/** Kills a process that writes, so many times, each at another moment. */
async function killOften(how: string, { uris, dataDir }: Fixture): Promise<void> {
  const child = new URL('./write-child.ts', import.meta.url).pathname
  const args = ['--conditions=@crossfade/source', child, how, uris.mongo, uris.postgres, dataDir]
  const one = async (n: number): Promise<void> => {
    const writing = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    await once(writing.stdout, 'data')
    await sleep((n * 37) % 200)
    writing.kill('SIGKILL')
    await once(writing, 'close')
  }
  for (let n = 0; n < kills; n += 2) await Promise.all([one(n), one(n + 1)])
}

/** Second writes that are missing at the end: by hand, and ours once the sweep has run. */
async function losses(fixture: Fixture): Promise<Row> {
  const { stores, plainMongo } = fixture
  await killOften('by hand', fixture)
  const baseline = await lostByHand(plainMongo, stores.postgres.connection.pool)
  await killOften('ours', fixture)
  while ((await sweepNow(stores, Comment, 'mongo', () => undefined)) > 0) await sleep(100)
  const found = await verify({ stores, entity: Comment })
  const different = Object.values(found.different).reduce((sum, count) => sum + count, 0)
  const name = `dualwrite, ${kills} processes killed`
  say(`${name}: ${baseline} lost by hand, ${different} by us`)
  return { bench: 'mirrored-write', case: name, baseline, ours: different, unit: 'lost', ratio: different / baseline }
}

/** Writes to both stores against two awaits by hand, which skip every bookkeeping, and what a killed process loses. */
export function mirroredWrite(only: string): Promise<Row[]> {
  return withFixture(async (fixture) => {
    const { stores, plainMongo: db, dataDir, copy, move } = fixture
    const { pool } = stores.postgres.connection
    await prepareByHand(db, pool)
    await copy()
    const instance = await openInstance({
      entities: config.entities,
      stores,
      dataDir,
      limits: noReads,
      log: () => undefined,
    })
    const ours: Write = () =>
      write(instance.routing, independent(Comment), (tx) => tx.of(Comment).create(valuesOf(Comment.newId!())))
    const rows: Row[] = []
    for (const stage of ['dualwrite', 'live'] as const) {
      if (stage === 'live') {
        if ('killed'.includes(only)) rows.push(await losses(fixture))
        await move('live')
      }
      await instance.routing.flags.refresh()
      const inOrder = writeByHand(db, pool, stage === 'live' ? 'postgres' : 'mongo')
      const byHand: Write = () => inOrder(Comment.newId!())
      for (const clients of [1, 10, 50])
        if (`${stage}, ${clients}`.includes(only))
          rows.push(await writesASecond('mirrored-write', stage, clients, byHand, ours))
    }
    await instance.leave()
    return rows
  })
}
