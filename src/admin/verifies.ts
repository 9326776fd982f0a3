import type { VerifyProgress } from '../jobs/verification.ts'
import type { Verified } from '../jobs/verify.ts'

export interface Watching {
  /** Ends it: nothing is verified then. */
  readonly signal: AbortSignal
  readonly onProgress: (progress: VerifyProgress) => void
}

/** Holds both stores of a type against each other, as `verify` does, and not in the loop that serves clients. */
export type Verifies = (type: string, watching: Watching) => Promise<Verified>
