import { showsInRecords } from '../../compare/mismatch-kind.ts'
import { keptSince } from '../../control/flag.ts'
import { mappingDigest } from '../../entity/mapping-digest.ts'
import type { Gate } from '../gate.ts'

/**
 * Enough reads were compared since this mirror was made equal, hardly any of those that were tried came to nothing, and
 * nobody has still to judge what they found. Those that both stores answered with nothing were decided, and prove nothing:
 * a client that asks for one missing record again and again would meet the gate. What was shed for want of room is left
 * out: which reads that were is chance, whereas those that a store does not answer in time are always the same ones.
 */
export const compared: Gate = async ({ stores, entity, flag, settings }) => {
  if (settings.comparisons === false) return null
  const { findings } = stores.postgres
  const [open, counts] = await Promise.all([
    findings.search({ state: 'open', type: entity.name, sort: 'count', limit: 1, offset: 0 }),
    findings.comparisons(entity.name, mappingDigest(entity), keptSince(flag)),
  ])
  const [first] = open.groups
  if (first) {
    const kinds = open.total === 1 ? '1 kind of difference is' : `${open.total} kinds of difference are`
    const found = `${kinds} open, most often ${first.kind} of ${first.path || 'whole results'} (${first.count})`
    const closes = showsInRecords[first.kind]
      ? `recheck ${first.fingerprint} --close`
      : `close ${first.fingerprint} --why "…"`
    const judged = `\`mismatches ${closes}\` where it is mended, \`mismatches triage\` where it is to stay`
    return { met: false, found, remedy: `see \`crossfade mismatches list\`; ${judged}` }
  }
  const { matched = 0, empty = 0, accepted = 0, noise = 0, outages = 0, indeterminate = 0, shed = 0 } = counts
  const agreed = matched + accepted + noise
  const lost = outages + indeterminate
  const tried = Object.values(counts).reduce((sum, count) => sum + count, 0) - shed
  const apart = accepted + noise > 0 ? `, ${accepted + noise} of them but for what is accepted` : ''
  const ends = [
    ...(empty > 0 ? [`${empty} more showed nothing in either store`] : []),
    ...(outages > 0 ? [`${outages} could not be made, since a store did not answer`] : []),
    ...(indeterminate > 0 ? [`${indeterminate} could not be decided`] : []),
  ]
  const enough = `${agreed} comparisons agreed, where ${settings.comparisons} are asked for${apart}`
  const found = [enough, ...ends].join(', and ')
  if (agreed < settings.comparisons)
    return { met: false, found, remedy: 'wait for more reads in shadow, or send some, or set `comparisons` lower' }
  const decidedPercent = Math.floor((100 * (tried - lost)) / tried)
  const { decidedPercent: asked } = settings
  if (asked !== false && decidedPercent < asked) {
    // The share grows with each that is decided, as long as some may fail
    const more =
      asked === 100 ? '' : `; then ${Math.ceil((100 * lost) / (100 - asked)) - tried} more that agree will do`
    return {
      met: false,
      found: `${found}: ${decidedPercent} % of ${tried} were decided, where ${asked} % are asked for`,
      remedy: `see \`crossfade mismatches list\` for the reads that failed, and \`doctor\` for indexes that are missing${more}`,
    }
  }
  return { met: true, found }
}
