import { expect, test } from 'vitest'
import { Moves } from '../../src/admin/moves.ts'

const failed = (_: unknown, error: unknown): string => String(error)

test('one change of a flag is under way at a time, and tells how it goes and why it failed', async () => {
  const moves = new Moves(failed)
  const { promise, reject } = Promise.withResolvers<void>()
  const move = moves.start('Movie', 'Ada', async (line) => {
    line('writes are held')
    await promise
  })
  expect(move).toMatchObject({ key: 'Movie', by: 'Ada', lines: ['writes are held'], endedAt: null, error: null })
  expect(() => moves.start('Movie', 'Bob', async () => undefined)).toThrow('Movie is being changed')
  moves.start('User', 'Bob', async () => undefined)
  reject('no gate is met')
  await expect.poll(() => move.endedAt, { timeout: 20_000 }).not.toBeNull()
  expect(move.error).toBe('no gate is met')
  expect(moves.start('Movie', 'Bob', async () => undefined)).toMatchObject({ by: 'Bob' })
  expect(moves.list().map(({ key }) => key)).toEqual(['Movie', 'User', 'Movie'])
})

test('of those that have ended the newest are kept, and all that are under way', async () => {
  const moves = new Moves(failed)
  moves.start('Slow', 'Ada', () => new Promise(() => undefined))
  for (let n = 0; n < 25; n++) {
    const move = moves.start(`Type${n}`, 'Ada', async () => undefined)
    await expect.poll(() => move.endedAt, { timeout: 20_000 }).not.toBeNull()
  }
  const keys = moves.list().map(({ key }) => key)
  expect([keys.length, keys[0], keys.at(-2), keys.at(-1)]).toEqual([20, 'Type24', 'Type6', 'Slow'])
})
