import pg from 'pg'
import type { Failure } from '../failure.ts'

/** No answer of a server, or a server that cannot be used: the driver has no code for these, only texts. */
export class ConnectionFailure extends Error {
  /** `unknown` where a write may stand. */
  readonly failure: Extract<Failure, 'unreachable' | 'busy' | 'full' | 'unfit' | 'unknown'>

  constructor(failure: ConnectionFailure['failure'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'ConnectionFailure'
    this.failure = failure
  }
}

/** What a server answered, what was found wrong with it already, or a fault of ours before anything was sent. */
export const isClear = (error: unknown): boolean =>
  [pg.DatabaseError, ConnectionFailure, TypeError, RangeError].some((kind) => error instanceof kind)
