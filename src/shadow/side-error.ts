import type { Side } from './experiment.ts'
import { tookTooLong } from './latency.ts'

/** A side had its time, and used it up. */
export class TimedOut extends Error {
  override readonly name = tookTooLong

  constructor() {
    super('no answer in time')
  }
}

/** One side of a comparison did not answer. */
export class SideError extends Error {
  readonly side: Side

  constructor(side: Side, cause: unknown) {
    super(`The ${side} did not answer`, { cause })
    this.side = side
  }
}

/** What the side itself said. */
export const cause = (error: unknown): unknown => (error instanceof SideError ? error.cause : error)
