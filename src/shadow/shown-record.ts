import type { Entity, Rec, Scope } from '../entity/entity.ts'
import { leafValue, valueAt } from '../entity/values.ts'
import type { Json } from '../util/json.ts'
import { cut, shownValue } from './redact.ts'

const shownIn = (scope: Scope, members: Readonly<Record<string, unknown>>): [string, Json][] =>
  [...scope.leaves].map(([path, leaf]) => [path, shownValue(leaf, leafValue(members, leaf))])

/** Fields of a record by their paths, without what the mapping hides; a list of objects is one value. */
export function shownRecord(entity: Entity, record: Rec): ReadonlyMap<string, Json> {
  const lists = [...entity.lists].map(([path, list]): [string, Json] => {
    const elements = valueAt(record, list.keys)
    if (!Array.isArray(elements)) return [path, null]
    return [path, cut(elements.map((each) => Object.fromEntries(shownIn(list, each))))]
  })
  return new Map([...shownIn(entity, record), ...lists])
}
