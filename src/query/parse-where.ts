import { textKind } from '../codec/text.ts'
import type { Scope } from '../entity/entity.ts'
import { listAt } from '../entity/leaf-at.ts'
import { asksNothing, everything, filteredLeaf, parseNeedle, parseValue, type Where } from './where.ts'

/**
 * A condition with its values in the form of their kinds, for callers that cannot vouch for them: stores bind what they
 * are given. `everything` stays what it is, by which stores know that nothing is asked.
 *
 * @param where of a right form, see `checkForm`.
 * @throws BAD_USER_INPUT for what a kind cannot be asked, and for a value that is not of it.
 */
export function parseWhere(scope: Scope, where: Where): Where {
  if (asksNothing(where)) return everything
  switch (where.op) {
    case 'and':
    case 'or':
      return { ...where, of: where.of.map((part) => parseWhere(scope, part)) }
    case 'not':
      return { ...where, of: parseWhere(scope, where.of) }
    case 'some':
      return { ...where, where: parseWhere(listAt(scope, where.path), where.where) }
    case 'isEmpty':
      return where
  }
  if (scope.lists.has(where.path)) return where
  filteredLeaf(scope, where)
  const exact = where.op === 'has' || ((where.op === 'eq' || where.op === 'in') && where.insensitive !== true)
  const parsed = (value: unknown): unknown => (exact ? parseValue : parseNeedle)(scope, where.path, value)
  switch (where.op) {
    case 'in':
    case 'has':
      return { ...where, values: where.values.map(parsed) }
    case 'contains':
    case 'startsWith':
    case 'endsWith':
      return { ...where, value: textKind.parse(where.value) }
    case 'eq':
    case 'lt':
    case 'lte':
    case 'gt':
    case 'gte':
      return { ...where, value: parsed(where.value) }
  }
}
