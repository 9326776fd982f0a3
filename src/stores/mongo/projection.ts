import type { Document } from 'mongodb'
import type { FieldSet } from '../../entity/field-set.ts'
import { onceFor } from '../../util/once-for.ts'

type Parts = Pick<FieldSet, 'leaves' | 'embeds' | 'lists'>

function addPaths(projection: Document, { leaves, embeds, lists }: Parts, prefix: string): void {
  // The id comes along whole, and no path may lie inside of another
  for (const leaf of leaves) if (!leaf.ofId) projection[prefix + leaf.mongo] = 1
  for (const { mongo, ...list } of lists) {
    const members = { leaves: [...list.leaves.values()], embeds: [...list.embeds.values()], lists: [] }
    // A list shows how long it is where members are asked for, there or not
    if (list.nodes.length === 0) projection[`${prefix}${mongo}._presence`] = 1
    else addPaths(projection, members, `${prefix}${mongo}.`)
  }
  for (const embed of embeds) {
    // An object shows its presence likewise
    const covered = [...leaves, ...lists].some(({ mongo }) => mongo.startsWith(`${embed.mongo}.`))
    if (!covered) projection[`${prefix}${embed.mongo}._presence`] = 1
  }
}

/** Reads the set's paths, the id and the bookkeeping, and nothing else. */
export const projectionOf = onceFor((fields: FieldSet): Document => {
  const projection: Document = { _cf: 1 }
  addPaths(projection, fields, '')
  return projection
})
