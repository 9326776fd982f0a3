import { isClean, isOfSomething, type Verified } from '../jobs/verify.ts'
import { otherOrigin } from '../util/origin.ts'
import { tell } from './output.ts'
import { versionText } from './version-text.ts'

/** What was asked for, where it was not all of a type. */
function partText({ asked }: Verified): string | null {
  if (asked === null) return null
  const { since, sample, where } = asked
  const parts = [
    ...(since === null ? [] : [`ids made since ${since}`]),
    ...(sample === null ? [] : [`a sample of ${sample}`]),
    ...(where === null ? [] : [`where ${JSON.stringify(where)}`]),
  ]
  return `this was a part of the type: ${parts.join(', ')}. Nothing is said of the rest, and no mirror becomes fresh by it`
}

/** Only the store with authority is asked what it has that is no record. */
const others = (authority: Verified['authority']): string =>
  authority === 'mongo'
    ? 'there are no others'
    : 'there are no other records; documents without one were not looked for'

/** Tells a person what a verification has found; no value is printed. */
export function printVerified(found: Verified): void {
  const { type, authority, epoch, compared, different, undecided, quarantined, began, ended } = found
  const { accepted, acceptedDocuments, oldColumns } = found
  const mirror = otherOrigin(authority)
  const line = (text: string): void => tell(`${type}: ${text}`)
  line(`${compared} records of ${authority} were held against ${mirror}, epoch ${epoch}, from ${began} to ${ended}`)
  const part = partText(found)
  if (part !== null) line(part)
  const { dangling, unchecked } = found.relations
  if (unchecked.length > 0)
    line(`what ${unchecked.join(' and ')} refer to was not looked for: no mirror of it is kept, or known to be fresh`)
  const byRules = accepted - acceptedDocuments
  if (byRules > 0) line(`${byRules} differ as somebody has accepted: see \`crossfade mismatches rules\``)
  const list = `\`crossfade issues list ${type}\``
  if (acceptedDocuments > 0) line(`${acceptedDocuments} have no record, as somebody has accepted: see ${list}`)
  for (const { path, rule, count } of found.issues ?? [])
    line(`${count} ${count === 1 ? 'record has' : 'records have'} an open data issue, ${path}: ${rule}; see ${list}`)
  if (isClean(found)) {
    if (accepted > 0) line('the others are equal')
    else line(part === null ? `all are equal, with their versions, and ${others(authority)}` : 'those are equal')
    return
  }
  if (!isOfSomething(found)) line('no record was met by that, so that nothing was compared')
  const counts = [
    [different.content, 'differ'],
    [different.version, 'are equal at unequal versions'],
    [different.missing, `are missing in ${mirror}`],
    [different.extra, `are only in ${mirror}`],
    [
      undecided + found.relations.undecided,
      'were owed or changed each time that they were looked at: see `crossfade mirror status`',
    ],
    [quarantined, `have no record, since their id does not fit: see ${list}`],
  ] as const
  for (const [count, what] of counts) if (count > 0) line(`${count} ${what}`)
  if (oldColumns > 0)
    line(
      `${oldColumns} of those have an old value in a column of PostgreSQL, which filters and orders go by, and the present one among what is unmapped: an app with an earlier mapping has written them. A repair writes the column`,
    )
  for (const { group, kind, paths, count } of found.groups)
    line(`group ${group}: ${count} ${kind}${paths.length > 0 ? ` in ${paths.join(', ')}` : ''}`)
  for (const { id, kind, paths, versions } of found.examples)
    line(
      `${id}: ${kind}${paths.length > 0 ? ` in ${paths.join(', ')}` : ''} (versions: ${versions.map(versionText).join(' and ')})`,
    )
  for (const { stores, paths, count, ids, because } of found.duplicates ?? [])
    line(
      `${count} records of ${stores.join(' and ')} have one value of ${paths.join(', ')}, such as ${ids.join(', ')}: ${because}`,
    )
  for (const { path, target, id, missingIn } of dangling)
    line(`${path} refers to ${target} ${id}, which ${missingIn} alone does not have`)
  if (Object.values(different).some((count) => count > 0)) line(`\`crossfade repair ${type}\` shows how they differ`)
}
