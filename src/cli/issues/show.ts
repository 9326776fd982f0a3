import { hidden } from '../../compare/differences.ts'
import type { Entity } from '../../entity/entity.ts'
import { hides, hidesAny } from '../../entity/hides.ts'
import { type GroupOfType, groupsNamed } from '../../evidence/accepted-issues.ts'
import type { Stores } from '../../routing/routing.ts'
import type { DataIssue } from '../../stores/postgres/data-issues.ts'
import { CrossfadeError } from '../../util/errors.ts'
import { printJson, say, tell } from '../output.ts'
import { deadLetters, lettersOf } from './letters.ts'

/** What may be seen of a value; of documents without a record all of it is kept. */
function shown(entity: Entity, { path, raw }: Pick<DataIssue, 'path' | 'raw'>): string {
  const isWhole = path === '_id'
  return (isWhole ? hidesAny(entity) : hides(entity, path)) ? hidden : raw
}

/** Records of a group that are shown. */
const maxShown = 20

async function showGroup({ postgres }: Stores, { entity, found }: GroupOfType, json: boolean): Promise<void> {
  const { group, path, rule, count, accepted } = found
  const records = (await postgres.dataIssues.ofKind(entity, found, maxShown)).map(({ id, raw, at }) => ({
    id,
    raw: shown(entity, { path, raw }),
    at,
  }))
  process.exitCode = 2
  if (json) return printJson({ type: entity.name, group, path, rule, count, accepted, records })
  tell(`${path}: ${rule}, ${count} records${accepted ? `, accepted by ${accepted.by}: ${accepted.why}` : ''}`)
  for (const { id, raw, at } of records) {
    tell(`${id} (${at.toISOString()})`)
    tell(`  ${raw}`)
  }
  if (count > records.length) tell(`… and ${count - records.length} more`)
}

/** A group by its name alone, whatever type it is of. @throws BAD_USER_INPUT where there is none, or more than one. */
export async function showNamed(
  stores: Stores,
  entities: readonly Entity[],
  prefix: string,
  json: boolean,
): Promise<void> {
  const named = await groupsNamed(stores.postgres, entities, prefix)
  const [one] = named
  if (one && named.length === 1) return showGroup(stores, one, json)
  const text = one ? `${named.length} groups of issues begin with ${prefix}` : `There is no group of issues ${prefix}`
  const remedy = 'Name one of `crossfade issues list`, or a type and a record of it'
  throw new CrossfadeError('BAD_USER_INPUT', `${text}. ${remedy}: \`crossfade issues show TYPE ID\`.`)
}

/** Issues of one record, or the first records of a group where no record has that id. */
export async function show(stores: Stores, entity: Entity, id: string, json: boolean): Promise<void> {
  // An id of another kind is kept as Extended JSON: a text in quotes
  const kept = await Promise.all([id, JSON.stringify(id)].map((each) => stores.postgres.dataIssues.of(entity, each)))
  const issues = kept.flat().map((issue) => ({
    ...issue,
    raw: shown(entity, issue),
  }))
  const letter = lettersOf(entity, await deadLetters(stores)).find((each) => each.id === id) ?? null
  if (issues.length === 0 && letter === null) {
    const groups = await groupsNamed(stores.postgres, [entity], id)
    if (groups.length === 1) return showGroup(stores, groups[0]!, json)
  }
  if (json) printJson({ type: entity.name, id, issues, deadLetter: letter })
  else if (issues.length === 0 && letter === null) say(`${entity.name} ${id} has no issues.`)
  if (!json && letter) {
    const next = new Date(letter.next).toISOString()
    const tried = `version ${letter.version}, tried ${letter.tries} times, next at ${next}`
    tell(`cannot be mirrored: ${letter.reason} (${tried})`)
  }
  if (!json)
    for (const { path, rule, raw, at } of issues) {
      tell(`${path}: ${rule} (${at.toISOString()})`)
      tell(`  ${raw}`)
    }
  if (issues.length > 0 || letter !== null) process.exitCode = 2
}
