import { hash } from 'node:crypto'
import type { Flag } from '../control/flag.ts'
import { STAGE_PLAN } from '../stage/stage.ts'
import { type Origin, otherOrigin } from '../util/origin.ts'

/** Where one type's reads go for one subject, for the whole request. */
export interface Decision {
  readonly reads: Origin
  /** The store to compare with; null compares nothing. */
  readonly candidate: Origin | null
  readonly samplePercent: number
  /** Of the flag. */
  readonly epoch: number
}

/** The subject of a request of which the app does not say who asks. */
export const nobody = ''

/** A subject's place among all, from 0 to below 100; the same on every gateway. */
export function bucket(type: string, subject: string): number {
  // Its text is quicker to have than its bytes
  return (Number.parseInt(hash('sha1', `${type}\n${subject}`).slice(0, 8), 16) / 2 ** 32) * 100
}

/** The store that may answer reads besides, and is compared; null where the stage has none, or it was not made equal. */
export const candidateOf = ({ stage, fresh }: Flag): Origin | null =>
  fresh === null ? null : STAGE_PLAN[stage].candidate

/**
 * Decides by stage and, where the stage keeps both stores fresh and a read percentage is set, by subject: sticky, so
 * that one subject does not wander between the stores; who is not known is in no share but the whole. `fresh` is false while
 * the mirror lags behind its bound.
 */
export function decide(flag: Flag, subject: string, fresh: boolean): Decision {
  const { reads } = STAGE_PLAN[flag.stage]
  const candidate = candidateOf(flag)
  const { readPercent, samplePercent, epoch } = flag
  if (candidate === null) return { reads, candidate, samplePercent: 0, epoch }
  const isOfShare =
    readPercent === 100 || (readPercent > 0 && subject !== nobody && bucket(flag.type, subject) < readPercent)
  const moved = fresh && isOfShare
  return moved
    ? { reads: candidate, candidate: otherOrigin(candidate), samplePercent, epoch }
    : { reads, candidate, samplePercent, epoch }
}
