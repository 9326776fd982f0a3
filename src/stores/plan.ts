import type { Failure } from './failure.ts'

/**
 * What the plan of one statement says of its cost, however much is stored when it is asked.
 *
 * - bounded: an index bounds each scan, or the statement ends behind the first records that it meets.
 * - everything: a scan reads all that tables or collections hold.
 * - unknown: nothing can be said; `why` holds no value of the statement.
 */
export type Plan =
  | { readonly reads: 'bounded' }
  | { readonly reads: 'everything'; readonly of: readonly string[] }
  | { readonly reads: 'unknown'; readonly why: string }

/** What a scan of a plan says; several make up a plan. */
export type Scan = { readonly whole: string } | { readonly unknown: string }

/** What no scan of a plan is told of is served. */
export function planOf(scans: readonly Scan[]): Plan {
  const unknown = scans.find((scan) => 'unknown' in scan)
  if (unknown) return { reads: 'unknown', why: unknown.unknown }
  const of = [...new Set(scans.flatMap((scan) => ('whole' in scan ? [scan.whole] : [])))].sort()
  return of.length > 0 ? { reads: 'everything', of } : { reads: 'bounded' }
}

/** How statements are explained, beside their being run or in its place. */
export interface Explaining {
  /** Told of each statement as it is asked; the promise never rejects. */
  readonly hear: (plan: Promise<Plan>) => void
  /** Whether statements are run besides; what is not fails with `NotRun`. */
  readonly runs: boolean
}

/** In place of the answer to a statement that was explained alone. */
export class NotRun extends Error {
  constructor() {
    super('explained, and not run')
    this.name = 'NotRun'
  }
}

/** The plan of a statement that the server would not explain: by class, since a message may hold values. */
export const unexplained = (failure: Failure | null, code: unknown): Plan => ({
  reads: 'unknown',
  why: `the server did not explain it (${[failure, code].filter((part) => part !== null && part !== undefined).join(', ') || 'for no known reason'})`,
})
