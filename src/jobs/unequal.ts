import { differences } from '../compare/differences.ts'
import { equalJson, equalLists } from '../compare/equal-json.ts'
import type { Entity } from '../entity/entity.ts'
import { allFields } from '../entity/field-set.ts'
import type { Image } from '../stores/store.ts'

/** What the mapping does not name; of the objects in a list behind the list's path. */
const rest = '(unmapped)'

/** Paths at which two copies of a record differ, with what the mapping does not name. None where they are equal. */
export function unequalPaths(entity: Entity, a: Image, b: Image): string[] {
  if (!a.record || !b.record) return a.record === b.record ? [] : ['(record)']
  const paths = differences(allFields(entity), a.record, b.record).map(({ path }) => path)
  if (!equalJson(a.rest, b.rest)) paths.push(rest)
  for (const path of entity.lists.keys())
    if (!equalLists(a.elementRests?.[path], b.elementRests?.[path])) paths.push(`${path}.${rest}`)
  return paths
}
