import { expect, test } from 'vitest'
import { Spread } from '../../src/util/spread.ts'

const of = (...values: number[]): Spread => {
  const spread = new Spread()
  for (const value of values) spread.add(value)
  return spread
}

test('small numbers are told exactly', () => {
  expect(of(0, 1, 1, 2, 31).summary()).toEqual({ min: 0, p50: 1, p99: 31, max: 31 })
})

test('a quantile of large ones is a few percent off at most, and never past what was met', () => {
  const spread = of(...Array.from({ length: 10_000 }, (_, at) => at + 1))
  expect(spread.summary()).toMatchObject({ min: 1, max: 10_000 })
  expect(Math.abs(spread.quantile(0.5)! - 5_000)).toBeLessThan(5_000 * 0.03)
  expect(Math.abs(spread.quantile(0.99)! - 9_900)).toBeLessThan(9_900 * 0.03)
  expect(of(1_000_003).summary()).toEqual({ min: 1_000_003, p50: 1_000_003, p99: 1_000_003, max: 1_000_003 })
})

test('bars are powers of two, without a gap, and hold everything', () => {
  expect(of(0, 3, 3, 20).bars()).toEqual([
    { from: 0, to: 1, count: 1 },
    { from: 1, to: 2, count: 0 },
    { from: 2, to: 4, count: 2 },
    { from: 4, to: 8, count: 0 },
    { from: 8, to: 16, count: 0 },
    { from: 16, to: 32, count: 1 },
  ])
})

test('of nothing there is nothing to say', () => {
  expect([of().summary(), of().quantile(0.5), of().bars()]).toEqual([null, null, []])
})
