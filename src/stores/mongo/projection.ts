import type { Document } from 'mongodb'
import type { FieldSet } from '../../entity/field-set.ts'
import { onceFor } from '../../util/once-for.ts'

/** Reads the set's paths, the id and the bookkeeping, and nothing else. */
export const projectionOf = onceFor((fields: FieldSet): Document => {
  const projection: Document = { _cf: 1 }
  for (const leaf of fields.leaves) projection[leaf.mongo] = 1
  for (const embed of fields.embeds) {
    // An object shows its presence where one of its members is asked for, there or not.
    const covered = fields.leaves.some((leaf) => leaf.mongo.startsWith(`${embed.mongo}.`))
    if (!covered) projection[`${embed.mongo}._presence`] = 1
  }
  return projection
})
