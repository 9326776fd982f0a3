import { expect, test } from 'vitest'
import { Tasks } from '../../src/admin/tasks.ts'

const changes = () =>
  new Tasks<{ readonly lines: string[] }>({ doing: 'is being changed', failed: (_, error) => String(error) })

const nothing = () => ({ lines: [] })

test('one task of a key is under way at a time, and tells how it goes and why it failed', async () => {
  const tasks = changes()
  const { promise, reject } = Promise.withResolvers<void>()
  const task = tasks.start('Movie', 'Ada', nothing(), async ({ lines }) => {
    lines.push('writes are held')
    await promise
  })
  expect(task).toMatchObject({
    key: 'Movie',
    by: 'Ada',
    progress: { lines: ['writes are held'] },
    endedAt: null,
    error: null,
  })
  expect(() => tasks.start('Movie', 'Bob', nothing(), async () => undefined)).toThrow(
    'Movie is being changed; see how that ends, and try again.',
  )
  tasks.start('User', 'Bob', nothing(), () => new Promise(() => undefined))
  expect([tasks.countRunning, tasks.running('Movie')?.by, tasks.running('Note')]).toEqual([2, 'Ada', null])
  reject('no gate is met')
  await expect.poll(() => task.endedAt, { timeout: 20_000 }).not.toBeNull()
  expect([task.error, tasks.countRunning, tasks.running('Movie')]).toEqual(['no gate is met', 1, null])
  expect(tasks.start('Movie', 'Bob', nothing(), async () => undefined)).toMatchObject({ by: 'Bob' })
  expect(tasks.list().map(({ key }) => key)).toEqual(['Movie', 'User', 'Movie'])
})

test('of those that have ended the newest are kept, and all that are under way', async () => {
  const tasks = changes()
  tasks.start('Slow', 'Ada', nothing(), () => new Promise(() => undefined))
  for (let n = 0; n < 25; n++) {
    const task = tasks.start(`Type${n}`, 'Ada', nothing(), async () => undefined)
    await expect.poll(() => task.endedAt, { timeout: 20_000 }).not.toBeNull()
  }
  const keys = tasks.list().map(({ key }) => key)
  expect([keys.length, keys[0], keys.at(-2), keys.at(-1)]).toEqual([20, 'Type24', 'Type6', 'Slow'])
})
