import { keptSince } from '../../control/flag.ts'
import { mappingDigest } from '../../entity/mapping-digest.ts'
import type { Gate } from '../gate.ts'

/** Enough reads were compared since this mirror was made equal, and nobody has still to judge what they found. */
export const compared: Gate = async ({ stores, entity, flag, settings }) => {
  if (settings.comparisons === false) return null
  const { findings } = stores.postgres
  const [groups, counts] = await Promise.all([
    findings.groups(),
    findings.comparisons(entity.name, mappingDigest(entity), keptSince(flag)),
  ])
  const open = groups.filter(({ type }) => type === entity.name)
  const [first] = open
  if (first) {
    const kinds = open.length === 1 ? '1 kind of difference is' : `${open.length} kinds of difference are`
    const found = `${kinds} open, most often ${first.kind} of ${first.path || 'whole results'} (${first.count})`
    return { met: false, found, remedy: 'see `crossfade mismatches list`' }
  }
  const { matched = 0, accepted = 0, noise = 0, outages = 0 } = counts
  const agreed = matched + accepted + noise
  const apart = accepted + noise > 0 ? `, ${accepted + noise} of them but for what is accepted` : ''
  const lost = outages > 0 ? `, and ${outages} could not be made, since a store did not answer` : ''
  const found = `${agreed} of ${settings.comparisons} comparisons agreed${apart}${lost}`
  if (agreed >= settings.comparisons) return { met: true, found }
  return { met: false, found, remedy: 'wait for more reads in shadow, or send some, or set `comparisons` lower' }
}
