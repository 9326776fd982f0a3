import { expect, test } from 'vitest'
import { ClearedMarks } from '../../src/mirror/cleared-marks.ts'
import type { Cleared, Store } from '../../src/stores/store.ts'
import { Account, accountImage } from '../support/account.ts'

/** Marks whose clearing takes until it is told to end. */
function held() {
  const batches: { readonly cleared: readonly Cleared[]; readonly end: () => void }[] = []
  const clear = (_: unknown, cleared: readonly Cleared[]): Promise<void> => {
    const { promise, resolve } = Promise.withResolvers<void>()
    batches.push({ cleared, end: resolve })
    return promise
  }
  const store = { outbox: { clear } } as unknown as Store
  return { marks: new ClearedMarks({ mongo: store, postgres: store }, () => undefined), batches }
}

const turn = (): Promise<void> => new Promise((done) => setImmediate(done))

test('one batch is on its way at a time, and of one record the newest version waits', async () => {
  const { marks, batches } = held()
  marks.add(Account, 'mongo', accountImage('a', 1))
  const first = marks.flush()
  await turn()
  for (const counter of [2, 4, 3]) marks.add(Account, 'mongo', accountImage('a', counter))
  const second = marks.flush()
  await turn()
  expect(batches).toHaveLength(1)
  batches[0]!.end()
  await first
  await turn()
  expect(batches.map(({ cleared }) => cleared.map(({ version }) => version.counter))).toEqual([[1], [4]])
  batches[1]!.end()
  await second
})

test('past the bound marks are left to the sweep', async () => {
  const { marks, batches } = held()
  for (let n = 0; n < 10_001; n++) marks.add(Account, 'mongo', accountImage(`account-${n}`, 1))
  marks.add(Account, 'mongo', accountImage('account-0', 2)) // one that waits already takes no more room
  const flushed = marks.flush()
  await turn()
  expect(batches[0]!.cleared).toHaveLength(10_000)
  expect(batches[0]!.cleared[0]!.version.counter).toBe(2)
  batches[0]!.end()
  await flushed
})
