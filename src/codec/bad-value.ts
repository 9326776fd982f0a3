import { CrossfadeError } from '../util/errors.ts'

/** The error for a value that is not of its kind; shows at most 60 characters of it. */
export function badValue(kind: string, value: unknown, expected: string): CrossfadeError {
  const shown = typeof value === 'string' ? JSON.stringify(value) : String(value)
  return new CrossfadeError('BAD_USER_INPUT', `${shown.slice(0, 60)} is not a valid ${kind}: expected ${expected}.`)
}
