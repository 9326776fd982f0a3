import { createHash } from 'node:crypto'
import { onceFor } from '../util/once-for.ts'
import type { Entity, Leaf, Scope } from './entity.ts'

/** What is stored otherwise than the field's kind, and what it means; nothing of most fields, whose digests stay. */
function convertedBy({ converter: { nullIf = [], intPrefix, forms }, orOne }: Leaf): readonly unknown[] {
  const nulls = nullIf.map((each) => JSON.stringify(each)).sort()
  const one = orOne ? { orOne } : {}
  return nulls.length > 0 || intPrefix || forms || orOne ? [{ nulls, intPrefix, forms, ...one }] : []
}

/** What decides which value stands where in either store, and what it is read as, in no order. */
function placesOf({ leaves, embeds, lists }: Scope): readonly string[] {
  const places = [
    ...leaves
      .values()
      .map((leaf) => [
        leaf.path,
        leaf.kind,
        leaf.list,
        leaf.strict,
        leaf.values,
        ...(leaf.parts ? [Object.entries(leaf.parts)] : []),
        ...convertedBy(leaf),
        leaf.mongo,
        leaf.column,
        leaf.childTable,
      ]),
    ...embeds.values().map(({ path, mongo, column, required }) => [path, mongo, column, required]),
    ...lists.values().map((each) => [each.path, each.mongo, each.childTable, placesOf(each)]),
  ]
  return places.map((place) => JSON.stringify(place)).sort()
}

/** Equal for mappings that keep a record in the same way, and under the same flag. */
export const mappingDigest = onceFor((entity: Entity): string => {
  const { mongo, postgres, idKind, idParts, group, fixed } = entity
  const among = fixed.size > 0 ? [[...fixed].sort()] : []
  const parts = idParts ? [Object.entries(idParts)] : []
  const text = JSON.stringify([mongo, postgres, idKind, group, placesOf(entity), ...among, ...parts])
  return createHash('sha256').update(text).digest('hex').slice(0, 16)
})
