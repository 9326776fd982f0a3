import type { RuleVerdict } from '../compare/rules.ts'

/**
 * How a comparison ended; `empty` where both stores had nothing to show, which says little of them; `accepted` and
 * `noise` where all that it found is covered by rules.
 */
export type Verdict = 'matched' | 'empty' | 'lag' | 'indeterminate' | 'diverged' | RuleVerdict | 'failed'

/** All of them, in the order in which they are shown. */
export const verdicts = [
  'matched',
  'empty',
  'lag',
  'indeterminate',
  'diverged',
  'accepted',
  'noise',
  'failed',
] as const satisfies Verdict[]

/** Counts of one type. */
export interface TypeStatistics {
  reads: number
  sampled: number
  /** Sampled reads that were not compared, because the budget was used up. */
  shed: number
  /** Sampled reads that were not compared, because a store could not be asked or gave no answer in time. */
  outages: number
  /** The sum of the eight verdicts behind it. */
  compared: number
  matched: number
  empty: number
  /** Equal once a write had arrived, or different and still owed. */
  lag: number
  indeterminate: number
  diverged: number
  accepted: number
  noise: number
  /** The other store refused what the first one answered. */
  failed: number
}

const none = (): TypeStatistics => ({
  reads: 0,
  sampled: 0,
  shed: 0,
  outages: 0,
  compared: 0,
  matched: 0,
  empty: 0,
  lag: 0,
  indeterminate: 0,
  diverged: 0,
  accepted: 0,
  noise: 0,
  failed: 0,
})

/** What this gateway has counted since it started. */
export class Statistics {
  readonly #types = new Map<string, TypeStatistics>()

  of(type: string): TypeStatistics {
    let counts = this.#types.get(type)
    if (!counts) this.#types.set(type, (counts = none()))
    return counts
  }
}
