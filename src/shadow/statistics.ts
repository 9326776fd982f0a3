/** Counts of one type, since the gateway started. `compared` is the sum of the five verdicts behind it. */
export interface TypeStatistics {
  reads: number
  sampled: number
  /** Sampled reads that were not compared, because the budget was used up. */
  shed: number
  compared: number
  matched: number
  lag: number
  indeterminate: number
  diverged: number
  failed: number
}

export class Statistics {
  readonly #types = new Map<string, TypeStatistics>()
  readonly #coverage = new Map<string, number>()

  of(type: string): TypeStatistics {
    let counts = this.#types.get(type)
    if (!counts) {
      counts = {
        reads: 0,
        sampled: 0,
        shed: 0,
        compared: 0,
        matched: 0,
        lag: 0,
        indeterminate: 0,
        diverged: 0,
        failed: 0,
      }
      this.#types.set(type, counts)
    }
    return counts
  }

  /** Notes that fields of a type were compared. */
  cover(type: string, paths: readonly string[]): void {
    for (const path of paths) {
      const key = `${type}.${path}`
      this.#coverage.set(key, (this.#coverage.get(key) ?? 0) + 1)
    }
  }

  /** How often each field was compared, by `Type.path`. */
  get coverage(): ReadonlyMap<string, number> {
    return this.#coverage
  }
}
