import type { Scope } from '../entity/entity.ts'
import { leafAt, listAt } from '../entity/leaf-at.ts'
import { nothing, type Where } from './where.ts'

/**
 * A condition on records of several types, as one of them can be asked it: an enumeration may lack values that another
 * type's has, and then no record has them.
 */
export function ownValues(scope: Scope, where: Where): Where {
  switch (where.op) {
    case 'and':
    case 'or':
      return { ...where, of: where.of.map((part) => ownValues(scope, part)) }
    case 'not':
      return { ...where, of: ownValues(scope, where.of) }
    case 'some':
      return { ...where, where: ownValues(listAt(scope, where.path), where.where) }
  }
  const known = scope.lists.has(where.path) ? null : leafAt(scope, where.path).values
  const has = (value: unknown): boolean => value === null || known!.includes(value as string)
  if (!known) return where
  switch (where.op) {
    case 'eq':
      return where.insensitive || has(where.value) ? where : nothing
    case 'in':
      return where.insensitive ? where : { ...where, values: where.values.filter(has) }
    case 'has':
      if (where.need === 'every' && !where.values.every(has)) return nothing
      return { ...where, values: where.values.filter(has) }
    default:
      return where
  }
}
