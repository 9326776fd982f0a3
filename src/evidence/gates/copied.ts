import { mappingDigest } from '../../entity/mapping-digest.ts'
import { lastCopy } from '../copied.ts'
import type { Gate } from '../gate.ts'
import { faultOf, newestVerify } from '../verified.ts'

/**
 * The other store was made equal under the mapping that there is now: a copy did so, or a `verify` found that it is.
 * Fields that the mapping has got since stand empty there. Cannot be switched off.
 */
export const copied: Gate = async (subject) => {
  const { entity, flag, stores } = subject
  const remedy = `run \`crossfade backfill ${entity.name}\``
  if (flag.fresh === null && !flag.copied.includes(entity.name))
    return { met: false, found: 'the other store was not made equal since it is written', remedy }
  const mapping = mappingDigest(entity)
  const copy = await lastCopy(stores.postgres.ledger, entity)
  if (copy?.ended && copy.mapping === mapping)
    return { met: true, found: `${copy.seen} records were copied, the last at ${copy.ended}` }
  const found = await newestVerify(subject.stores, subject.entity)
  const isOfNow = found?.mapping === mapping && found.epoch === flag.epoch
  // Who accepts that a field differs does not say that it was filled
  if (isOfNow && faultOf(found) === null && found.accepted === 0)
    return { met: true, found: `the other store was found as it is at ${found.ended}` }
  return { met: false, found: 'the mapping has changed since the other store was made equal', remedy }
}
