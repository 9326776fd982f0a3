import type { Entity, Id } from '../entity/entity.ts'
import { leafAt } from '../entity/leaf-at.ts'
import { checkDepth } from '../query/filter-bounds.ts'
import type { FilterNames } from '../query/filter-names.ts'
import { isPlainObject } from '../util/json.ts'

/** How ids of a type are read; null where the type has no global ones. */
export type ReadId = (type: string) => ((text: string) => Id) | null

/** Tests whose values are ids where a field holds an id. */
const valued: ReadonlySet<string> = new Set(['eq', 'ne', 'in', 'notIn', 'lt', 'lte', 'gt', 'gte'])

function ownValue(value: unknown, read: (text: string) => Id): unknown {
  if (Array.isArray(value)) return value.map((each) => ownValue(each, read))
  return typeof value === 'string' || typeof value === 'number' ? read(String(value)) : value
}

/** The members of an object, each as it becomes; what is no object is refused where the filter is read. */
const mapped = (value: unknown, become: (name: string, member: unknown) => unknown): unknown =>
  isPlainObject(value)
    ? Object.fromEntries(Object.entries(value).map(([name, member]) => [name, become(name, member)]))
    : value

/**
 * A filter with the ids in it as they are stored. Everything else stays, right or wrong; elements of lists are no ids.
 *
 * @throws BAD_USER_INPUT for what is no global id of the type that a field holds ids of.
 */
export function withOwnIds(entity: Entity, names: FilterNames, input: unknown, readId: ReadId): unknown {
  function tests(path: string, given: unknown): unknown {
    const type = path === 'id' ? entity.name : leafAt(entity, path).references
    const read = type === null ? null : readId(type)
    return read ? mapped(given, (test, value) => (valued.has(test) ? ownValue(value, read) : value)) : given
  }
  function filter(given: unknown, depth: number): unknown {
    checkDepth(depth)
    return mapped(given, (name, each) => {
      if (name === 'not') return filter(each, depth + 1)
      if (name === 'and' || name === 'or')
        return Array.isArray(each) ? each.map((part) => filter(part, depth + 1)) : each
      const meant = Object.hasOwn(names, name) ? names[name]! : null
      return meant === null || typeof meant === 'object' ? each : tests(meant === true ? name : meant, each)
    })
  }
  return filter(input, 0)
}
