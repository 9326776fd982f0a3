import type { Gate } from '../gate.ts'

/** Enough reads were compared, and nobody has still to judge what they found. */
export const compared: Gate = async ({ stores, entity, settings }) => {
  if (settings.comparisons === false) return null
  const { findings } = stores.postgres
  const [groups, verdicts] = await Promise.all([findings.groups(), findings.verdicts()])
  const open = groups.filter(({ type }) => type === entity.name)
  const matched = verdicts.find(({ type, verdict }) => type === entity.name && verdict === 'matched')?.count ?? 0
  const [first] = open
  if (first) {
    const kinds = open.length === 1 ? '1 kind of difference is' : `${open.length} kinds of difference are`
    const found = `${kinds} open, most often ${first.kind} of ${first.path || 'whole results'} (${first.count})`
    return { met: false, found, remedy: 'see `crossfade mismatches list`' }
  }
  const found = `${matched} of ${settings.comparisons} comparisons agreed`
  if (matched >= settings.comparisons) return { met: true, found }
  return { met: false, found, remedy: 'wait for more reads in shadow, or send some, or set `comparisons` lower' }
}
