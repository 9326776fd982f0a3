import { CrossfadeError } from '../../util/errors.ts'

/** A member did not get in time what the primary had. It may when it is asked again. */
export class MemberLags extends CrossfadeError {
  /** @param maxTimeMs what it was given, in milliseconds. */
  constructor(readPreference: string, maxTimeMs: number, cause: unknown) {
    const text = `a member that read preference ${readPreference} names had not got within ${maxTimeMs / 1_000} s what the primary had`
    super('UNAVAILABLE', `${text}; see how far members lag, or read the primary`, { cause })
  }
}
