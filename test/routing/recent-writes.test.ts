import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { RecentWrites } from '../../src/routing/recent-writes.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }))
afterEach(() => void vi.useRealTimers())

test('whoever wrote a type counts for so long, for that type alone, and each write begins anew', () => {
  const writes = new RecentWrites(2_000)
  writes.note('Movie', 'anna')
  vi.advanceTimersByTime(1_500)
  expect([writes.has('Movie', 'anna'), writes.has('Movie', 'bert'), writes.has('Comment', 'anna')]).toEqual([
    true,
    false,
    false,
  ])
  writes.note('Movie', 'anna')
  vi.advanceTimersByTime(1_999)
  expect(writes.has('Movie', 'anna')).toBe(true)
  vi.advanceTimersByTime(1)
  expect(writes.has('Movie', 'anna')).toBe(false)
})

test('past 100,000 that are kept everybody counts, until the last of them is over', () => {
  const writes = new RecentWrites(2_000)
  for (let n = 0; n < 100_000; n++) writes.note('Movie', `client-${n}`)
  expect(writes.has('Movie', 'nobody')).toBe(false)
  vi.advanceTimersByTime(500)
  writes.note('Movie', 'one-more')
  expect([writes.has('Movie', 'one-more'), writes.has('Comment', 'nobody')]).toEqual([true, true])
  vi.advanceTimersByTime(2_000)
  writes.note('Movie', 'anna')
  expect([writes.has('Movie', 'anna'), writes.has('Movie', 'nobody')]).toEqual([true, false])
})
