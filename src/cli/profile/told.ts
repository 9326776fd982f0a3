import type { Profile } from '../../jobs/profile.ts'
import type { Finding } from '../../stores/mongo/profile/findings.ts'
import type { Unmapped } from '../../stores/mongo/profile/unmapped.ts'
import { percent } from '../plain.ts'

/** What is to be known of a field beyond its counts. */
export interface ToldFinding {
  readonly path: string
  /** `coerced`, `refused: is not a number`, `answers otherwise`. */
  readonly what: string
  readonly finding: Finding
}

/** All findings of a profile, those that change an answer first. */
export function toldFindings({ ids, fields }: Profile): ToldFinding[] {
  const strays = ids
    .filter(({ record }) => !record)
    .map((finding) => ({ path: 'id', what: 'no record, by its kind', finding }))
  const of = (name: 'otherwise' | 'lost' | 'coerced', what: (finding: Finding & { rule?: string }) => string) =>
    fields.flatMap(({ path, [name]: findings }) => findings.map((finding) => ({ path, what: what(finding), finding })))
  return [
    ...strays,
    ...of('otherwise', () => 'answers otherwise than today'),
    ...of('lost', ({ rule }) => `refused, since it ${rule}`),
    ...of('coerced', () => 'coerced'),
  ]
}

/** Which documents were looked at, in a sentence. */
export function seenText({ documents, seen, bytes }: Profile): string {
  const { how, estimated, first, last, readPreference } = seen
  const among = estimated === null ? '' : ` of about ${estimated}`
  const from = first === null ? '' : `, the first ${first}, the last ${last}`
  const what = how === 'all' ? `all ${documents} documents` : `${documents} documents${among}, chosen by chance`
  const where = readPreference === 'primary' ? '' : `, by read preference ${readPreference}`
  return bytes === null ? 'no documents' : `${what}${from}${where}`
}

/** A line for each unmapped path: its types with their shares. */
export function unmappedLines(unmapped: readonly Unmapped[], documents: number): string[] {
  return unmapped.flatMap(({ path, documents: count, types, members }) => {
    const kinds = types.map(({ type, count: of }) => (types.length === 1 ? type : `${type} ${percent(of, count)}`))
    return [`${path}: ${kinds.join(', ')}, in ${percent(count, documents)}`, ...unmappedLines(members, documents)]
  })
}

/** What is held more than once, and where references lead: a line each. */
export function relationLines({ unique, references }: Profile): string[] {
  const keys = unique.map(({ paths, because, nulls, found }) => {
    const key = `${paths.join(', ')} (${because}; ${nulls === 'one' ? 'one record may have none' : 'many may have none'})`
    if (found === null) return `${key}: not looked for in a sample`
    if (found.values === 0) return `${key}: no duplicates`
    const held = `${found.documents} documents share ${found.values} value${found.values === 1 ? '' : 's'}`
    return `${key}: ${held}, such as ${found.example.join(' and ')}`
  })
  const orphans = references.map(({ path, to, documents, orphans: count, example }) => {
    if (count === 0) return `${path}: all ${documents} lead to a ${to}`
    return `${path}: ${count} of ${documents} lead to no ${to}, such as that of ${example}`
  })
  return [...keys, ...orphans]
}
