import pg from 'pg'
import { CrossfadeError } from '../../util/errors.ts'
import { UnknownCommit } from './connection.ts'

const uniqueViolation = '23505'
const foreignKeyViolation = '23503'
const outOfRange = new Set(['22003', '22012', '22008'])
const limitExceeded = '54000' // a value is too long for an index: 2,704 bytes of a B-tree, after compression

const refusals = new Set([uniqueViolation, foreignKeyViolation, limitExceeded])

/** A unique or foreign key refused the row, or an index that a value of it is too long for. */
export function isConstraint(error: unknown): error is pg.DatabaseError {
  return error instanceof pg.DatabaseError && refusals.has(error.code ?? '')
}

/** What a failed write means to the caller. */
export function writeError(error: unknown): unknown {
  if (error instanceof CrossfadeError) return error
  if (error instanceof UnknownCommit) {
    return new CrossfadeError('UNKNOWN_OUTCOME', 'PostgreSQL did not confirm the write; look before repeating it.', {
      cause: error,
    })
  }
  if (error instanceof TypeError || error instanceof RangeError) return error // a fault of ours is no outage
  if (!(error instanceof pg.DatabaseError)) {
    return new CrossfadeError('UNAVAILABLE', 'PostgreSQL does not answer; nothing was written.', { cause: error })
  }
  if (error.code === uniqueViolation) {
    const fields = /\(([^)]*)\)=/.exec(error.detail ?? '')?.[1] ?? 'value'
    return new CrossfadeError('CONFLICT', `A record with this ${fields} exists already.`, { cause: error })
  }
  if (error.code === limitExceeded) {
    return new CrossfadeError('BAD_USER_INPUT', 'A value is too long for an index of the field.', { cause: error })
  }
  if (outOfRange.has(error.code ?? '')) {
    return new CrossfadeError('BAD_USER_INPUT', 'The result is not a value that the field can hold.', { cause: error })
  }
  return error
}
