import { CrossfadeError } from '../util/errors.ts'
import type { ReadLimits } from './read-limits.ts'

/** A request that asks for more than a limit of the config allows, which shows while it runs. */
export class PastLimit extends CrossfadeError {
  readonly limit: keyof ReadLimits
  /** How much, as far as it was counted. */
  readonly asked: number
  /** What is too much, without a full stop. */
  readonly fact: string

  /**
   * @param fact what is too much, without a full stop.
   * @param advice what the client can do.
   * @param code TRY_AGAIN where others have asked for too much as well.
   */
  constructor(
    limit: keyof ReadLimits,
    asked: number,
    fact: string,
    advice?: string,
    code: 'BAD_USER_INPUT' | 'TRY_AGAIN' = 'BAD_USER_INPUT',
  ) {
    super(code, toldLimit(limit, fact, advice))
    this.limit = limit
    this.asked = asked
    this.fact = fact
  }
}

/** What clients are told, with the key of the limit in the config, so that whoever reads it can look it up. */
export const toldLimit = (limit: string, fact: string, advice?: string): string =>
  `${fact} (limits.${limit}).${advice ? ` ${advice}` : ''}`
