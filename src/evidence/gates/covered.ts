import { keptSince } from '../../control/flag.ts'
import { mappingDigest } from '../../entity/mapping-digest.ts'
import { fieldCoverage, isUnproved, resultCoverage } from '../../shadow/field-coverage.ts'
import type { Gate } from '../gate.ts'

/** What clients asked for, field by field and resolver by resolver, was compared at least once since this mirror was made equal. */
export const covered: Gate = async ({ stores, entity, flag, fields, settings }) => {
  const wanted = settings.coveragePercent
  if (wanted === false) return null
  const since = keptSince(flag)
  const rows = await stores.postgres.findings.coverage(entity.name, mappingDigest(entity), since)
  const read = fieldCoverage(fields, rows).flatMap(({ field, readBy }) => readBy.map((each) => ({ field, ...each })))
  const asked = [...read, ...resultCoverage(rows).map((each) => ({ field: 'whole results', ...each }))].filter(
    (each) => each.asked > 0,
  )
  if (asked.length === 0)
    return {
      met: false,
      found: 'clients have asked for nothing that could be compared',
      remedy: 'send reads in shadow',
    }
  const unproved = asked.filter(isUnproved)
  const percent = Math.floor(((asked.length - unproved.length) / asked.length) * 100)
  const [first] = unproved
  const found = `${percent} % of what clients asked for was compared${first ? `, and not ${first.field} of ${first.resolver}` : ''}`
  if (percent >= wanted) return { met: true, found }
  return { met: false, found, remedy: `see \`crossfade coverage ${entity.name}\`` }
}
