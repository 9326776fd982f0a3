import { mappingDigest } from '../../entity/mapping-digest.ts'
import { origins } from '../../util/origin.ts'
import type { Gate, Look, Subject } from '../gate.ts'
import { type KeptVerify, lastVerify } from '../verified.ts'

const hourMs = 3_600_000

/** Each store keeps those of the time when it had authority. */
export async function newestVerify({ stores, entity }: Pick<Subject, 'stores' | 'entity'>): Promise<KeptVerify | null> {
  const kept = await Promise.all(origins.map((origin) => lastVerify(stores[origin].ledger, entity)))
  return kept.reduce((newest, each) => (each && (!newest || each.ageMs < newest.ageMs) ? each : newest))
}

/**
 * What is wrong with it; null where both stores were equal. What is wrong in both alike, as values that should be unique,
 * is the issues' affair.
 */
export function faultOf({ different, undecided, ended }: KeptVerify): string | null {
  const unequal = Object.values(different).reduce((sum, count) => sum + count, 0)
  const at = `the last \`verify\`, of ${ended},`
  if (unequal > 0) return `${at} found ${unequal} records that differ`
  return undecided > 0 ? `${at} could not decide on ${undecided} records` : null
}

/** Both stores were found equal, record by record: all of the type, as it is mapped now, since authority last moved. */
export const verified: Gate = async (subject) => {
  const { entity, flag, settings } = subject
  if (settings.verifiedWithinHours === false) return null
  const unmet = (found: string, remedy = `run \`crossfade verify ${entity.name}\``): Look => ({
    met: false,
    found,
    remedy,
  })
  const last = await newestVerify(subject)
  if (!last) return unmet('nothing was verified')
  if (last.mapping !== mappingDigest(entity)) return unmet('the mapping has changed since the last `verify`')
  if (last.epoch !== flag.epoch)
    return unmet(`the last \`verify\` is of epoch ${last.epoch}, and this is ${flag.epoch}`)
  const fault = faultOf(last)
  if (fault !== null) return unmet(fault, `see \`crossfade repair ${entity.name}\`, then verify again`)
  if (last.ageMs > settings.verifiedWithinHours * hourMs)
    return unmet(`the last \`verify\` is older than ${settings.verifiedWithinHours} hours`)
  return { met: true, found: `${last.compared} records were found equal at ${last.ended}` }
}
