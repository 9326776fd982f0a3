/** Codes that clients and commands see; each says whose turn it is to act. */
export type ErrorCode =
  | 'BAD_USER_INPUT' // the caller's value is wrong: change it
  | 'CONFLICT' // a unique value is taken, or the record changed in between
  | 'TRY_AGAIN' // authority is moving or a bound was reached: the same call may succeed later
  | 'UNKNOWN_OUTCOME' // the store did not say whether the write happened: look before repeating it
  | 'UNAVAILABLE' // the store that must answer is down
  | 'MISCONFIGURED' // mapping, settings or tables do not fit: the operator's turn

/**
 * An error whose message is meant for the person who caused it: it names what, where and what to do.
 * Everything else that is thrown is a fault of ours and is masked to clients.
 */
export class CrossfadeError extends Error {
  readonly code: ErrorCode

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'CrossfadeError'
    this.code = code
  }
}

/** The code that a system or a library gave an error, as `ENOENT`; undefined where it has none. */
export const codeOf = (error: unknown): unknown => (error instanceof Error && 'code' in error ? error.code : undefined)

/** The text of anything thrown, for logs and notes. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
