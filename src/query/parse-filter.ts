import type { Entity, Scope } from '../entity/entity.ts'
import type { ObjectsShape } from '../entity/field.ts'
import type { FilterIn, ObjectsAt } from '../entity/filter-in.ts'
import { leafAt, listAt } from '../entity/leaf-at.ts'
import type { ShapedPathIn } from '../entity/path.ts'
import { didYouMean } from '../util/did-you-mean.ts'
import { CrossfadeError } from '../util/errors.ts'
import { onceFor } from '../util/once-for.ts'
import { Budget, bounded, checkDepth, conditions, flag, maxParts } from './filter-bounds.ts'
import type { FilterNames, SameNames } from './filter-names.ts'
import type { FilterOf } from './filter-of.ts'
import { listTest, not, objectsTest, scalarTest } from './filter-tests.ts'
import { allOf, asksNothing, type Where, type WhereOf } from './where.ts'

type Input = Readonly<Record<string, unknown>>

/**
 * The condition for a filter of the contract.
 *
 * ```ts
 * parseFilter(Movie, { title: true, imdbRating: 'imdb.rating' }, { imdbRating: { gte: 8 } })
 * ```
 *
 * @param names the filter's fields and the record paths they mean.
 * @throws CrossfadeError BAD_USER_INPUT for values that are not of the field's kind, and for filters past the bounds;
 * MISCONFIGURED for a field that `names` does not have.
 */
export function parseFilter<E extends Entity, const N extends FilterNames<E['fields']>>(
  entity: E,
  names: N & SameNames<E['fields'], N>,
  input: Input | null | undefined,
): WhereOf<E['fields']> {
  return parsed(entity, names, conditions('filter', input ?? {}))
}

/** Every path under its own name. */
const ownNames = onceFor(
  (scope: Scope): FilterNames => ({
    id: true,
    ...Object.fromEntries([...scope.leaves.keys(), ...scope.jsonPaths.keys()].map((path) => [path, true])),
    ...Object.fromEntries([...scope.lists].map(([path, list]) => [path, { path, members: ownNames(list) }])),
  }),
)

/**
 * A condition by record paths: `where(Movie, { year: { gte: 1990 } })`. For the members of a list of objects, as `pull`
 * takes it, the list is named: `where(Order, 'lines', { sku: { eq: 'fig' } })`.
 *
 * @throws CrossfadeError as `parseFilter`.
 */
export function where<E extends Entity>(entity: E, filter: FilterOf<E>): WhereOf<E['fields']>
export function where<E extends Entity, P extends ShapedPathIn<E['fields'], ObjectsShape>>(
  entity: E,
  list: P,
  filter: FilterIn<ObjectsAt<E['fields'], P>>,
): WhereOf<ObjectsAt<E['fields'], P>>
export function where(entity: Entity, ...given: readonly [Input] | readonly [string, Input]): Where {
  const [scope, filter] = given.length === 1 ? [entity, given[0]] : [listAt(entity, given[0]), given[1]]
  return parsed(scope, ownNames(scope), conditions('filter', filter))
}

/** Conditions of filters in which a test has no value, or is none. */
const widened = new WeakSet<Where>()

/** The condition for a filter, which remembers what of it asks nothing. */
function parsed(scope: Scope, names: FilterNames, input: Input): Where {
  const budget = new Budget()
  const made = filterOf(scope, names, input, budget, 0)
  if (!budget.leftOut) return made
  const wider = { ...made } // `everything` is shared
  widened.add(wider)
  return wider
}

/**
 * Whether a condition comes of a filter in which something asks nothing: a test without a value, or no test at all. Of
 * records to be read it is no matter; `everything` is said by itself.
 */
export function isWidened(where: Where): boolean {
  if (widened.has(where)) return true
  switch (where.op) {
    case 'and':
    case 'or':
      return where.of.some(isWidened)
    case 'not':
      return isWidened(where.of)
    case 'some':
      return isWidened(where.where)
    default:
      return false
  }
}

/** The path that a field of a filter means, or the list with the fields of its members. */
function named(scope: Scope, names: FilterNames, name: string): Exclude<FilterNames[string], true> {
  const meant = Object.hasOwn(names, name) ? names[name]! : undefined
  if (meant === undefined) {
    const hint = didYouMean(name, Object.keys(names))
    throw new CrossfadeError('MISCONFIGURED', `The filter of ${scope.name} has no field "${name}".${hint}`)
  }
  return meant === true ? name : meant
}

/** Several tests of one field must all hold. Null counts only with eq and ne; elsewhere it is as if left out. */
function fieldFilter(scope: Scope, path: string, { insensitive, ...tests }: Input, budget: Budget): Where {
  const isList = leafAt(scope, path).list !== 'none'
  const parts = Object.entries(tests).flatMap(([name, value]): Where[] => {
    if (value === undefined || (value === null && name !== 'eq' && name !== 'ne')) return budget.leaveOut()
    const part = isList
      ? listTest(scope, path, name, value)
      : scalarTest(scope, path, name, value, insensitive != null && flag(`${path}.insensitive`, insensitive))
    budget.spend(Array.isArray(value) ? value.length : 1)
    return [part]
  })
  return asked(parts, budget)
}

/** All of some tests; none of them ask nothing. */
function asked(parts: readonly Where[], budget: Budget): Where {
  if (parts.every(asksNothing)) budget.leaveOut()
  return allOf(...parts)
}

function filterOf(scope: Scope, names: FilterNames, input: Input, budget: Budget, depth: number): Where {
  checkDepth(depth)
  budget.spend(0)
  const inner = (name: string, each: unknown, of = scope, within = names): Where =>
    filterOf(of, within, conditions(name, each), budget, depth + 1)
  const parts = Object.entries(input).flatMap(([name, value]): Where[] => {
    if (value === null || value === undefined) return budget.leaveOut()
    if (name === 'and' || name === 'or') {
      return [{ op: name, of: bounded(name, value, maxParts, 'filters').map((each) => inner(name, each)) }]
    }
    if (name === 'not') return [not(inner(name, value))]
    const field = named(scope, names, name)
    const tests = conditions(name, value)
    if (typeof field === 'string') return [fieldFilter(scope, field, tests, budget)]
    const { path, members } = field
    const parse = (each: unknown): Where => inner(name, each, listAt(scope, path), members)
    return Object.entries(tests).flatMap(([test, operand]) =>
      operand === null || operand === undefined ? budget.leaveOut() : [objectsTest(scope, path, test, operand, parse)],
    )
  })
  return asked(parts, budget)
}
