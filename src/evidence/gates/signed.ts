import { mappingDigest } from '../../entity/mapping-digest.ts'
import type { Gate } from '../gate.ts'
import { lastSignOff } from '../sign-off.ts'

/** Somebody has put a name to this change, of this mapping, since authority last moved. */
export const signed: Gate = async ({ stores, entity, flag, settings }, to) => {
  if (!settings.signOff) return null
  const last = await lastSignOff(stores.postgres.ledger, entity)
  const remedy = `run \`crossfade evidence ${entity.name} --to ${to} --sign NAME\``
  if (!last) return { met: false, found: 'nobody has signed', remedy }
  if (last.epoch !== flag.epoch || last.mapping !== mappingDigest(entity))
    return { met: false, found: `what ${last.by} signed at ${last.at} was of an earlier state`, remedy }
  if (last.to !== to) {
    const of = last.to === null ? 'an earlier state' : `what ${last.to} asks for`
    return { met: false, found: `what ${last.by} signed at ${last.at} was of ${of}`, remedy }
  }
  return { met: true, found: `${last.by} signed at ${last.at}` }
}
