import type { VerifyProgress } from '../jobs/verification.ts'
import type { Verified } from '../jobs/verify.ts'
import type { Replayed, ReplayProgress } from '../replay/replayed.ts'

export interface Watching<Progress> {
  /** Ends it: nothing is known then. */
  readonly signal: AbortSignal
  readonly onProgress: (progress: Progress) => void
}

/** Long jobs, done as their commands do them, and not in the loop that serves clients. */
export interface JobsApart {
  /** Holds both stores of a type against each other. */
  verify(type: string, watching: Watching<VerifyProgress>): Promise<Verified>
  /**
   * Asks what was recorded by gateways of this data directory of both stores.
   *
   * @param field operations that select it, `Query.movie`; null takes all.
   */
  replay(field: string | null, watching: Watching<ReplayProgress>): Promise<Replayed>
}
