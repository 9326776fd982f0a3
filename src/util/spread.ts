/** A range of numbers and how many are in it. */
export interface Bar {
  readonly from: number
  readonly to: number
  readonly count: number
}

/** Numbers in short. */
export interface SpreadSummary {
  readonly min: number
  readonly p50: number
  readonly p99: number
  readonly max: number
}

const exact = 32 // whole numbers below are counted by themselves
const perOctave = 16

const bucketOf = (value: number): number =>
  value < exact ? Math.floor(value) : exact + Math.floor((Math.log2(value) - Math.log2(exact)) * perOctave)

/** The middle of a bucket. */
const middleOf = (bucket: number): number =>
  bucket < exact ? bucket : exact * 2 ** ((bucket - exact + 0.5) / perOctave)

/**
 * How many numbers from 0 up are of which size, in little memory: counted in buckets of a logarithmic scale, so that a
 * quantile is at most 2.2 percent off; whole numbers below 32, the least and the greatest are exact.
 */
export class Spread {
  readonly #buckets = new Map<number, number>()
  count = 0
  sum = 0
  min = Number.POSITIVE_INFINITY
  max = Number.NEGATIVE_INFINITY

  add(value: number): void {
    const bucket = bucketOf(value)
    this.#buckets.set(bucket, (this.#buckets.get(bucket) ?? 0) + 1)
    this.count++
    this.sum += value
    if (value < this.min) this.min = value
    if (value > this.max) this.max = value
  }

  /** Below which this share of the numbers lies; null of none. */
  quantile(share: number): number | null {
    let seen = 0
    for (const [bucket, count] of this.#sorted()) {
      seen += count
      if (seen >= this.count * share) return Math.min(this.max, Math.max(this.min, Math.round(middleOf(bucket))))
    }
    return null
  }

  /** Null of no numbers. */
  summary(): SpreadSummary | null {
    if (this.count === 0) return null
    return { min: this.min, p50: this.quantile(0.5)!, p99: this.quantile(0.99)!, max: this.max }
  }

  /** By powers of two, from the first to the last that has any. */
  bars(): Bar[] {
    if (this.count === 0) return []
    const octave = (value: number): number => (value < 1 ? 0 : Math.floor(Math.log2(value)) + 1)
    const counts = new Map<number, number>()
    for (const [bucket, count] of this.#buckets) {
      const at = octave(middleOf(bucket))
      counts.set(at, (counts.get(at) ?? 0) + count)
    }
    const [first, last] = [Math.min(...counts.keys()), Math.max(...counts.keys())]
    return Array.from({ length: last - first + 1 }, (_, step) => {
      const at = first + step
      return { from: at === 0 ? 0 : 2 ** (at - 1), to: 2 ** at, count: counts.get(at) ?? 0 }
    })
  }

  #sorted(): readonly (readonly [number, number])[] {
    return [...this.#buckets].sort(([a], [b]) => a - b)
  }
}
