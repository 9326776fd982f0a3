import { defineEntity, int, text } from 'crossfade'
import { expect, test } from 'vitest'
import { type Pair, settleRecords } from '../../src/jobs/settle-records.ts'
import type { Image, Store } from '../../src/stores/store.ts'

const Paper = defineEntity('Paper', { mongo: 'papers', postgres: 'papers', id: int(), fields: { body: text() } })
const ids = Array.from({ length: 60 }, (_, n) => n)

/** Two stores that differ in every record, and how many records each was asked for at a time. */
function pairOf(bytes: number): { pair: Pair; asked: number[] } {
  const asked: number[] = []
  const store = (origin: 'mongo' | 'postgres'): Store => {
    const body = origin[0]!.repeat(bytes)
    const image = (id: number): Image => ({
      id,
      version: { epoch: 1, counter: 1 },
      pending: false,
      record: { id, body },
      rest: null,
      issues: [],
    })
    const outbox = {
      async images(_: unknown, of: readonly number[]) {
        asked.push(of.length)
        return of.map(image)
      },
      owedFor: async () => new Map(),
    }
    return { origin, outbox } as unknown as Store
  }
  return { pair: { entity: Paper, authority: store('mongo'), mirror: store('postgres') }, asked }
}

test.each([
  ['large records are looked at a few at a time', 1_000_000, 4],
  ['small ones many at a time, once it is known that they are small', 10, 32],
])('%s', async (_, bytes, most) => {
  const { pair, asked } = pairOf(bytes)
  const { unequal, undecided } = await settleRecords(pair, ids, { recheckMs: [1] })
  expect([unequal.map(({ id }) => id), undecided]).toEqual([ids, []])
  expect(asked[0]).toBe(4)
  expect(Math.max(...asked)).toBe(most)
})
