import { contentDifferences } from '../compare/content.ts'
import type { Entity, Id } from '../entity/entity.ts'
import type { Item } from '../stores/store.ts'
import { formatVersion } from '../stores/version.ts'
import type { Heard } from './side.ts'

/** A record that two answers were made of, and that differs. */
export interface HeardDifference {
  readonly type: string
  readonly id: Id
  /** Record paths; empty where one side alone has read the record. */
  readonly paths: readonly string[]
  /** Of both sides; null where it has not read the record. */
  readonly versions: readonly [string | null, string | null]
}

interface ReadItem {
  readonly entity: Entity
  readonly fields: Extract<Heard['outcome'], { is: 'records' }>['fields']
  readonly item: Item
}

/** By resolver, record and what was read of it: the same in both answers, as long as the stores have the same. */
function itemsOf(heard: readonly Heard[]): Map<string, ReadItem> {
  const found = new Map<string, ReadItem>()
  for (const { resolver, outcome } of heard) {
    if (outcome.is !== 'records') continue
    const { entity, fields, lists } = outcome
    const what = fields.leaves.map(({ path }) => path).join()
    for (const items of lists.values())
      for (const item of items) {
        const key = [entity.name, item.record.id, resolver, what].join('\n')
        if (!found.has(key)) found.set(key, { entity, fields, item })
      }
  }
  return found
}

/** The records that were read for an answer, each with its version. */
export const versionsIn = (heard: readonly Heard[]): string =>
  [...itemsOf(heard)]
    .map(([key, { item }]) => `${key}\n${formatVersion(item.version)}`)
    .sort()
    .join()

/** Records that differ between what two answers were made of, once each. */
export function heardDifferences(a: readonly Heard[], b: readonly Heard[]): HeardDifference[] {
  const [ours, theirs] = [itemsOf(a), itemsOf(b)]
  const found = new Map<string, HeardDifference>()
  for (const key of new Set([...ours.keys(), ...theirs.keys()])) {
    const [one, other] = [ours.get(key), theirs.get(key)]
    const { entity, fields, item } = (one ?? other)!
    const paths = one && other ? contentDifferences(fields, one.item, other.item).map(({ path }) => path) : []
    if (one && other && paths.length === 0) continue
    const version = (each: ReadItem | undefined): string | null => (each ? formatVersion(each.item.version) : null)
    const { id } = item.record
    const name = `${entity.name}/${id}`
    const known = found.get(name)
    const all = [...new Set([...(known?.paths ?? []), ...paths])]
    found.set(name, { type: entity.name, id, paths: all, versions: [version(one), version(other)] })
  }
  return [...found.values()]
}
