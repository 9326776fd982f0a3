import type { ReadPlace, SeenFailures, Timing } from '../stores/findings.ts'
import type { Origin } from '../util/origin.ts'

/**
 * Times are counted in buckets of a fixed logarithmic scale, eight to an octave from a microsecond up: a bucket's middle
 * is at most 4.4 percent from what is counted in it. The scale is ours and no library's, since buckets that are the same
 * everywhere are added up by the store, a row each, over gateways and restarts; libraries' histograms merge in memory
 * alone, and would have to be read, merged and written back under a lock.
 */
const perOctave = 8

/** The bucket of a time in milliseconds; below a microsecond the first. */
export function bucketOf(ms: number): number {
  return Math.round(Math.log2(Math.max(ms * 1_000, 1)) * perOctave)
}

/** The middle of a bucket, in milliseconds. */
export function msOf(bucket: number): number {
  return 2 ** (bucket / perOctave) / 1_000
}

/** Reads by bucket. */
export type Histogram = ReadonlyMap<number, number>

/** The time within which this share of the reads was answered, in milliseconds; null of none. */
export function percentile(histogram: Histogram, share: number): number | null {
  const buckets = [...histogram].sort(([a], [b]) => a - b)
  const total = buckets.reduce((sum, [, count]) => sum + count, 0)
  let seen = 0
  for (const [bucket, count] of buckets) {
    seen += count
    if (seen >= total * share) return msOf(bucket)
  }
  return null
}

/** How fast one store answered, in milliseconds, and how often it did not. */
export interface StoreLatency {
  readonly reads: number
  /** Those that the percentiles are of: a read that found no store has no time. */
  readonly timed: number
  readonly p50: number | null
  readonly p95: number | null
  readonly p99: number | null
  /** The share of the reads that failed, outages included; null of none. */
  readonly failed: number | null
}

/** The same reads, as both stores answered them. */
export interface Latency {
  readonly type: string
  /** Null for all of the type's. */
  readonly resolver: string | null
  readonly mongo: StoreLatency
  readonly postgres: StoreLatency
}

function ofStore(timings: readonly Timing[], failures: readonly SeenFailures[]): StoreLatency {
  const histogram = new Map<number, number>()
  for (const { bucket, count } of timings) histogram.set(bucket, (histogram.get(bucket) ?? 0) + count)
  const sum = (counts: readonly { readonly count: number }[]): number =>
    counts.reduce((all, { count }) => all + count, 0)
  const failed = sum(failures)
  // What ran into its limit has a time and is a failure, too
  const reads = sum(timings) + sum(failures.filter(({ reason }) => reason !== tookTooLong))
  return {
    reads,
    timed: sum(timings),
    p50: percentile(histogram, 0.5),
    p95: percentile(histogram, 0.95),
    p99: percentile(histogram, 0.99),
    failed: reads > 0 ? failed / reads : null,
  }
}

/** By type, or by type and resolver, in the order in which they are first met. */
export function latencies(
  timings: readonly Timing[],
  failures: readonly SeenFailures[],
  by: 'type' | 'resolver',
): Latency[] {
  const keyOf = ({ type, resolver }: ReadPlace): string => (by === 'type' ? type : `${type}\n${resolver}`)
  const timed = Map.groupBy(timings, keyOf)
  const failed = Map.groupBy(failures, keyOf)
  return [...new Set([...timed.keys(), ...failed.keys()])].map((key) => {
    const [times, faults] = [timed.get(key) ?? [], failed.get(key) ?? []]
    const { type, resolver } = (times[0] ?? faults[0])!
    const of = (store: Origin): StoreLatency =>
      ofStore(
        times.filter((each) => each.store === store),
        faults.filter((each) => each.store === store),
      )
    return { type, resolver: by === 'type' ? null : resolver, mongo: of('mongo'), postgres: of('postgres') }
  })
}

/** The reason of a failure that used its time up. */
export const tookTooLong = 'timeout'
