import { STAGE_PLAN } from '../stage/stage.ts'
import type { Shares } from './change-shares.ts'
import type { Desired, Flag } from './flag.ts'

/** What a provider says at the moment; a member that is missing is one that it gave no sensible answer for. */
export type Asked = Partial<Desired>

const nothing: Desired = { stage: null, readPercent: null, samplePercent: null }

/**
 * What a flag has to become by what a provider says; null where it is as asked. A share is taken once, when the provider's
 * value changes, so that an operator's word and a budget that is spent stand until then; one that the stage does not
 * allow waits for the stage.
 */
export function takeDesired(flag: Flag, asked: Asked): Shares | null {
  const was = flag.desired ?? nothing
  const isAllowed = STAGE_PLAN[flag.stage].candidate !== null && flag.fresh !== null
  const changed: { readPercent?: number; samplePercent?: number; returned?: null } = {}
  const take = (share: 'readPercent' | 'samplePercent'): number | null => {
    const value = asked[share]
    if (value === undefined || value === was[share]) return was[share]
    if (value === null) return null
    if (!isAllowed) return was[share]
    changed[share] = value
    return value
  }
  const readPercent = take('readPercent')
  const samplePercent = take('samplePercent')
  if (changed.readPercent !== undefined) changed.returned = null
  const stage = asked.stage === undefined ? was.stage : asked.stage
  if (stage === was.stage && readPercent === was.readPercent && samplePercent === was.samplePercent) return null
  return { ...changed, desired: { stage, readPercent, samplePercent } }
}
