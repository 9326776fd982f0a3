import { MongoNetworkError, MongoServerError, MongoServerSelectionError, MongoWriteConcernError } from 'mongodb'
import { CrossfadeError } from '../../util/errors.ts'

/** True for "this key is taken"; on `_id` a guarded upsert raises it where the guard refused: late, not broken. */
export function isDuplicate(error: unknown): error is MongoServerError {
  return error instanceof MongoServerError && error.code === 11000
}

const conversionFailures = new Set([241, 2, 31109])

/** What a failed write means to the caller. The driver's own retry is exactly-once, so none is added here. */
export function writeError(error: unknown): unknown {
  if (isDuplicate(error)) {
    const fields = Object.keys((error['keyPattern'] as object | undefined) ?? {}).join(', ')
    return new CrossfadeError('CONFLICT', `A record with this ${fields || 'value'} exists already.`, { cause: error })
  }
  if (error instanceof MongoServerSelectionError) {
    return new CrossfadeError('UNAVAILABLE', 'MongoDB does not answer; nothing was written.', { cause: error })
  }
  if (error instanceof MongoWriteConcernError || error instanceof MongoNetworkError) {
    return new CrossfadeError('UNKNOWN_OUTCOME', 'MongoDB did not confirm the write; look before repeating it.', {
      cause: error,
    })
  }
  if (error instanceof MongoServerError && error.code === 50) {
    return new CrossfadeError('UNKNOWN_OUTCOME', 'MongoDB ran out of time; look before repeating it.', { cause: error })
  }
  if (error instanceof MongoServerError && conversionFailures.has(Number(error.code))) {
    return new CrossfadeError('BAD_USER_INPUT', 'The result is not a value that the field can hold.', { cause: error })
  }
  return error
}
