import { canonicalAt, canonicalObjects } from '../../src/compare/canonical.ts'
import type { Entity, Rec } from '../../src/entity/entity.ts'
import { valueAt } from '../../src/entity/values.ts'

/** A record in canonical form, which tells every two values apart that mean something else. */
export const plain = (entity: Entity, record: Rec): unknown => ({
  id: record.id,
  ...Object.fromEntries(entity.leaves.values().map((leaf) => [leaf.path, canonicalAt(record, leaf)])),
  ...Object.fromEntries(
    entity.lists.values().map((list) => [list.path, canonicalObjects(list, valueAt(record, list.keys))]),
  ),
  presence: [...entity.embeds.keys()].filter((path) => valueAt(record, path.split('.')) !== null),
})
