import { expect, test } from 'vitest'
import type { Flag } from '../../src/control/flag.ts'
import type { FlagWatch } from '../../src/control/flag-watch.ts'
import { Permits } from '../../src/routing/permits.ts'

/** What permits ask of the watch: the present flag, and whether writes may begin. */
function watch(): { flags: FlagWatch; present: { revision: number; held: boolean } } {
  const present = { revision: 1, held: false }
  const flag = (): Flag => ({ type: 'Movie', stage: 'live', revision: present.revision }) as Flag
  const flags = {
    revisionOf: () => present.revision,
    forWrite: () => (present.held ? null : flag()),
    acknowledge: async () => undefined,
  }
  return { flags: flags as unknown as FlagWatch, present }
}

test('a mover is told to wait until every write that began under an earlier flag is done', async () => {
  const { flags, present } = watch()
  const permits = new Permits(flags, () => true)
  const [first, second] = [await permits.take('Movie'), await permits.take('Movie')]
  expect(permits.acknowledged('Movie')).toBe(1)
  present.revision = 2
  const third = await permits.take('Movie')
  expect(permits.acknowledged('Movie')).toBe(1)
  first.done()
  first.done() // given back twice counts once
  expect(permits.acknowledged('Movie')).toBe(1)
  second.done()
  expect(permits.acknowledged('Movie')).toBe(2)
  present.revision = 3
  expect(permits.acknowledged('Movie')).toBe(2)
  expect(permits.acknowledged('User')).toBe(3)
  third.done()
  expect(permits.acknowledged('Movie')).toBe(3)
})

test('nothing begins for a request that has ended, nor for a gateway that stops', async () => {
  const { flags } = watch()
  const permits = new Permits(flags, () => true)
  const refused = { code: 'TRY_AGAIN', message: 'Movie cannot be written at the moment; try again.' }
  await expect(permits.take('Movie', { signal: AbortSignal.abort() })).rejects.toMatchObject(refused)
  const under = await permits.take('Movie', { signal: new AbortController().signal })
  permits.close()
  await expect(permits.take('Movie')).rejects.toMatchObject(refused)
  expect(permits.isIdle).toBe(false)
  under.done()
  expect(permits.isIdle).toBe(true)
})

test('a write that is held begins under the flag that ends the hold', async () => {
  const { flags, present } = watch()
  const permits = new Permits(flags, () => true)
  present.held = true
  const waiting = permits.take('Movie')
  await new Promise((done) => setTimeout(done, 120))
  Object.assign(present, { revision: 5, held: false })
  expect((await waiting).flag.revision).toBe(5)
})

test('nothing begins that could not end in its time, though the hold ends', async () => {
  const { flags, present } = watch()
  const permits = new Permits(flags, () => true)
  present.held = true
  // Between two looks of those who wait
  const waiting = permits.take('Movie', { beginBy: performance.now() + 10 })
  setTimeout(() => Object.assign(present, { held: false }), 20)
  await expect(waiting).rejects.toMatchObject({ code: 'TRY_AGAIN' })
  expect(permits.isIdle).toBe(true)
})

test('past a thousand that wait a write is refused at once, and those that wait go on', async () => {
  const { flags, present } = watch()
  const permits = new Permits(flags, () => true)
  present.held = true
  const waiting = Array.from({ length: 1_000 }, () => permits.take('Movie'))
  await expect(permits.take('Movie')).rejects.toMatchObject({
    code: 'TRY_AGAIN',
    message: 'Too many writes of Movie wait; try again.',
  })
  present.held = false
  expect(await Promise.all(waiting)).toHaveLength(1_000)
})
