import { mappingDigest } from '../../entity/mapping-digest.ts'
import type { Gate, Look } from '../gate.ts'
import { faultOf, newestVerify } from '../verified.ts'

const hourMs = 3_600_000

/** Both stores were found equal, record by record: all of the type, as it is mapped now, since authority last moved. */
export const verified: Gate = async (subject) => {
  const { entity, flag, settings } = subject
  if (settings.verifiedWithinHours === false) return null
  const unmet = (found: string, remedy = `run \`crossfade verify ${entity.name}\``): Look => ({
    met: false,
    found,
    remedy,
  })
  const last = await newestVerify(subject.stores, entity)
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
