import { expect, test } from 'vitest'
import { bucketOf, latencies, msOf, percentile } from '../../src/shadow/latency.ts'

test('a bucket’s middle is at most 4.4 percent from what is counted in it, from a microsecond to an hour', () => {
  for (const ms of [0.001, 0.0123, 0.5, 1, 9.9, 84.5, 1_000, 60_000, 3_600_000]) {
    expect(Math.abs(msOf(bucketOf(ms)) / ms - 1)).toBeLessThan(0.0443)
  }
  expect([bucketOf(0), bucketOf(0.0001)]).toEqual([0, 0])
  expect(bucketOf(1)).toBe(80)
  expect(bucketOf(2)).toBe(87 + 1)
})

test('percentiles are the times within which that share was answered', () => {
  const histogram = new Map([
    [bucketOf(1), 50],
    [bucketOf(8), 45],
    [bucketOf(64), 4],
    [bucketOf(512), 1],
  ])
  const at = [0.5, 0.51, 0.95, 0.99, 1].map((share) => Math.round(percentile(histogram, share)!))
  expect(at).toEqual([1, 8, 8, 66, 524]) // the middles of their buckets
  expect(percentile(new Map(), 0.5)).toBeNull()
})

const mongo = { type: 'Movie', resolver: 'Query.movies', store: 'mongo' } as const
const postgres = { ...mongo, store: 'postgres' } as const

test('both stores are told side by side, by resolver or by type; a failure that used its time up counts once', () => {
  const other = { ...postgres, resolver: 'Query.movie' }
  const timings = [
    { ...mongo, bucket: 80, count: 10 },
    { ...postgres, bucket: 80, count: 9 },
    { ...postgres, bucket: 160, count: 1 },
    { ...other, bucket: 80, count: 10 },
  ]
  const failures = [
    { ...postgres, kind: 'outage', reason: 'timeout', count: 1 },
    { ...postgres, kind: 'error', reason: '42883', count: 10 },
  ] as const
  const empty = { reads: 0, timed: 0, p50: null, p95: null, p99: null, failed: null }
  const p = (bucket: number): number => msOf(bucket)
  expect(latencies(timings, failures, 'resolver')).toEqual([
    {
      type: 'Movie',
      resolver: 'Query.movies',
      mongo: { reads: 10, timed: 10, p50: p(80), p95: p(80), p99: p(80), failed: 0 },
      postgres: { reads: 20, timed: 10, p50: p(80), p95: p(160), p99: p(160), failed: 11 / 20 },
    },
    {
      type: 'Movie',
      resolver: 'Query.movie',
      mongo: empty,
      postgres: { reads: 10, timed: 10, p50: p(80), p95: p(80), p99: p(80), failed: 0 },
    },
  ])
  expect(latencies(timings, failures, 'type')).toMatchObject([
    { type: 'Movie', resolver: null, mongo: { reads: 10 }, postgres: { reads: 30, failed: 11 / 30 } },
  ])
})
