import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { withLock } from '../../src/embedded/with-lock.ts'
import { collect, freshDataDir } from './data-dir.ts'

test('work under one lock never overlaps, and a failure releases it', async () => {
  const file = join(freshDataDir(), 'a.lock')
  let inside = 0
  const work = async () => {
    inside++
    expect(inside).toBe(1)
    await sleep(20)
    inside--
    throw new Error('as it happens')
  }
  const results = await Promise.allSettled([1, 2, 3].map(() => withLock(file, () => undefined, work)))
  expect(results.map((result) => result.status === 'rejected' && result.reason.message)).toEqual(
    Array(3).fill('as it happens'),
  )
  expect(existsSync(file)).toBe(false)
})

test('a lock whose holder is gone is taken over without waiting', async () => {
  const file = join(freshDataDir(), 'a.lock')
  // Our own number with another time of start: the holder is gone and its number was given again.
  writeFileSync(file, `${process.pid}@1`)
  const { lines, log } = collect()
  expect(await withLock(file, log, async () => 'done')).toBe('done')
  expect(lines).toEqual([])
})
