import config from '../crossfade.config.ts'
import { Comment } from '../schema/comment.ts'
import type { RecordOf } from '../src/entity/record.ts'
import { openInstance } from '../src/gateway/open-instance.ts'
import { independent } from '../src/routing/declared-writes.ts'
import { noReads } from '../src/routing/read-limits.ts'
import { write } from '../src/routing/writes.ts'
import { withFixture } from './fixture.ts'
import type { Row } from './row.ts'
import { valuesOf } from './write-by-hand.ts'
import { type Write, writesASecond } from './writes-a-second.ts'

/** Records, so that clients at a time seldom meet at one. */
const count = 500

/** `update`, which reads a record and decides, against `patch`, which changes it unseen. */
export function updateBench(only: string): Promise<Row[]> {
  return withFixture(async ({ stores, dataDir, copy, move }) => {
    await copy()
    const { routing, leave } = await openInstance({
      entities: config.entities,
      stores,
      dataDir,
      limits: noReads,
      log: () => undefined,
    })
    const writes = independent(Comment)
    const ids = Array.from({ length: count }, () => Comment.newId!())
    for (const id of ids) await write(routing, writes, (tx) => tx.of(Comment).create(valuesOf(id), id))
    let n = 0
    const next = (): string => ids[n++ % count]!
    /** What changes nothing is fast, and measures nothing. */
    const there = async (changed: Promise<RecordOf<typeof Comment> | null>): Promise<void> => {
      if ((await changed) === null) throw new Error('update: there is no such comment to change')
    }
    const patch: Write = () =>
      there(write(routing, writes, (tx) => tx.of(Comment).patch(next(), { text: `text ${n}` })))
    const update: Write = () =>
      there(
        write(routing, writes, (tx) =>
          tx.of(Comment).update(next(), ({ text }) => ({ text: `${n} ${text}`.slice(0, 20) })),
        ),
      )
    const rows: Row[] = []
    for (const stage of ['dualwrite', 'live'] as const) {
      if (stage === 'live') await move('live')
      await routing.flags.refresh()
      for (const clients of [1, 10, 50])
        if (`${stage}, ${clients}`.includes(only))
          rows.push(await writesASecond('update', stage, clients, patch, update))
    }
    await leave()
    return rows
  })
}
