import { mappingDigest } from '../../entity/mapping-digest.ts'
import type { Gate, Look, Subject } from '../gate.ts'
import { ageSinceBegan, faultOf, type KeptVerify, newestVerify } from '../verified.ts'

const hourMs = 3_600_000

/** Whether somebody had accepted differences by a rule that is over by now. */
async function isOver({ triage }: Subject['stores']['postgres'], { accepted, acceptedDocuments, rules }: KeptVerify) {
  if (accepted === acceptedDocuments) return false
  const inForce = new Set((await triage.rulesInForce()).map(({ name }) => name))
  return rules.some((name) => !inForce.has(name))
}

/** Both stores were found equal, record by record: all of the type, as it is mapped now, since authority last moved. */
export const verified: Gate = async (subject) => {
  const { entity, flag, settings, stores } = subject
  if (settings.verifiedWithinHours === false) return null
  const unmet = (found: string, remedy = `run \`crossfade verify ${entity.name}\``): Look => ({
    met: false,
    found,
    remedy,
  })
  const last = await newestVerify(stores, entity)
  if (!last) return unmet('nothing was verified')
  if (last.mapping !== mappingDigest(entity)) return unmet('the mapping has changed since the last `verify`')
  if (last.epoch !== flag.epoch)
    return unmet(`the last \`verify\` is of epoch ${last.epoch}, and this is ${flag.epoch}`)
  const fault = faultOf(last)
  if (fault !== null) return unmet(fault, `see \`crossfade repair ${entity.name}\`, then verify again`)
  if (await isOver(stores.postgres, last))
    return unmet('records differed in the last `verify` as somebody had accepted, and that is over')
  if (ageSinceBegan(last) > settings.verifiedWithinHours * hourMs)
    return unmet(`the last \`verify\` began more than ${settings.verifiedWithinHours} hours ago`)
  return { met: true, found: `${last.compared} records were found equal at ${last.ended}` }
}
