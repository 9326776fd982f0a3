import type { Entity, Scope } from '../entity/entity.ts'
import type { Fields, ObjectsShape } from '../entity/field.ts'
import { leafAt, listAt } from '../entity/leaf-at.ts'
import type { ShapedPathIn } from '../entity/path.ts'
import { didYouMean } from '../util/did-you-mean.ts'
import { CrossfadeError } from '../util/errors.ts'
import { onceFor } from '../util/once-for.ts'
import { Budget, bounded, checkDepth, checkNeedles, maxParts, maxValues } from './filter-bounds.ts'
import type { FilterIn, FilterOf, FilterPathIn, ObjectsAt } from './filter-of.ts'
import { allOf, type Comparison, parseValue, type TextMatch, type Where } from './where.ts'

/**
 * Fields of a filter in the contract, and the record paths they mean; `true` is the path of the same name. A list of
 * objects comes with the fields of the filter of its members.
 */
export type FilterNames<F extends Fields = Fields> = Readonly<Record<string, FilterName<F>>>

type FilterName<F extends Fields> = true | 'id' | FilterPathIn<F> | MembersName<F>

type MembersName<F extends Fields> = string extends keyof F
  ? { readonly path: string; readonly members: FilterNames }
  : {
      readonly [P in ShapedPathIn<F, ObjectsShape>]: {
        readonly path: P
        readonly members: FilterNames<ObjectsAt<F, P>>
      }
    }[ShapedPathIn<F, ObjectsShape>]

/** What `N` must be besides: `true` stands at names that are paths alone. */
export type SameNames<F extends Fields, N extends FilterNames<F>> = {
  readonly [K in keyof N]: N[K] extends true ? (K extends 'id' | FilterPathIn<F> ? true : FilterPathIn<F>) : N[K]
}

type Input = Readonly<Record<string, unknown>>

const comparisons = new Set(['lt', 'lte', 'gt', 'gte'])
const matches = new Set(['contains', 'startsWith', 'endsWith'])

const not = (of: Where): Where => ({ op: 'not', of })

function isNull(path: string, wanted: boolean): Where {
  const test: Where = { op: 'eq', path, value: null }
  return wanted ? test : not(test)
}

const unasked = (scope: Scope, path: string, name: string): never => {
  throw new CrossfadeError('MISCONFIGURED', `${scope.name}.${path} cannot be asked "${name}".`)
}

function listOperator(scope: Scope, path: string, name: string, value: unknown): Where {
  const parse = (element: unknown): unknown => parseValue(scope, path, element)
  switch (name) {
    case 'has':
      return { op: 'has', path, values: [parse(value)], need: 'some' }
    case 'hasSome':
      return {
        op: 'has',
        path,
        values: bounded(`${path}.${name}`, value, maxValues, 'values').map(parse),
        need: 'some',
      }
    case 'hasEvery':
      return {
        op: 'has',
        path,
        values: bounded(`${path}.${name}`, value, maxParts, 'values').map(parse),
        need: 'every',
      }
    case 'isEmpty':
      return { op: 'isEmpty', path, value: value as boolean }
    case 'isNull':
      return isNull(path, value as boolean)
    default:
      return unasked(scope, path, name)
  }
}

function scalarOperator(scope: Scope, path: string, name: string, value: unknown, insensitive: boolean): Where {
  const parse = (each: unknown): unknown => parseValue(scope, path, each)
  if (comparisons.has(name)) {
    if (insensitive) throw new CrossfadeError('BAD_USER_INPUT', `insensitive does not go with ${name}.`)
    return { op: name as Comparison, path, value: parse(value) }
  }
  if (insensitive || matches.has(name)) checkNeedles(path, name, Array.isArray(value) ? value : [value])
  if (matches.has(name)) return { op: name as TextMatch, path, value: parse(value) as string, insensitive }
  if (name === 'in' || name === 'notIn') {
    const among: Where = {
      op: 'in',
      path,
      values: bounded(`${path}.${name}`, value, insensitive ? maxParts : maxValues, 'values').map(parse),
      insensitive,
    }
    return name === 'in' ? among : not(among)
  }
  if (name !== 'eq' && name !== 'ne') return unasked(scope, path, name)
  const equal: Where = { op: 'eq', path, value: parse(value), insensitive }
  return name === 'eq' ? equal : not(equal)
}

/** Several operators in one filter must all hold. Null counts only with eq and ne; elsewhere it is as if left out. */
function fieldFilter(scope: Scope, path: string, filter: Input, budget: Budget): Where {
  const { insensitive, ...operators } = filter
  const isList = leafAt(scope, path).list !== 'none'
  const parts = Object.entries(operators).flatMap(([name, value]): Where[] => {
    if (value === undefined || (value === null && name !== 'eq' && name !== 'ne')) return []
    const part = isList
      ? listOperator(scope, path, name, value)
      : scalarOperator(scope, path, name, value, insensitive === true)
    budget.spend(Array.isArray(value) ? value.length : 1)
    return [part]
  })
  return allOf(...parts)
}

/** Of no objects "some" is false, "every" and "none" are true; a null list has none. */
function objectsOperator(
  scope: Scope,
  path: string,
  name: string,
  value: unknown,
  parse: (members: unknown) => Where,
): Where {
  const some = (where: Where): Where => ({ op: 'some', path, where })
  switch (name) {
    case 'some':
      return some(parse(value))
    case 'every':
      return not(some(not(parse(value))))
    case 'none':
      return not(some(parse(value)))
    case 'isEmpty':
      return { op: 'isEmpty', path, value: value as boolean }
    case 'isNull':
      return isNull(path, value as boolean)
    default:
      return unasked(scope, path, name)
  }
}

/**
 * The condition for a filter of the contract.
 *
 * @param names the filter's fields and the record paths they mean.
 * @throws CrossfadeError BAD_USER_INPUT for values that are not of the field's kind, and for filters past the bounds;
 * MISCONFIGURED for a field that `names` does not have.
 */
export function parseFilter<E extends Entity, const N extends FilterNames<E['fields']>>(
  entity: E,
  names: N & SameNames<E['fields'], N>,
  input: Input | null | undefined,
): Where {
  return filterOf(entity, names, input ?? {}, new Budget(), 0)
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
export function where<E extends Entity>(entity: E, filter: FilterOf<E>): Where
export function where<E extends Entity, P extends ShapedPathIn<E['fields'], ObjectsShape>>(
  entity: E,
  list: P,
  filter: FilterIn<ObjectsAt<E['fields'], P>>,
): Where
export function where(entity: Entity, ...given: readonly [Input] | readonly [string, Input]): Where {
  const [scope, filter] = given.length === 1 ? [entity, given[0]] : [listAt(entity, given[0]), given[1]]
  return filterOf(scope, ownNames(scope), filter, new Budget(), 0)
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

function filterOf(scope: Scope, names: FilterNames, input: Input, budget: Budget, depth: number): Where {
  checkDepth(depth)
  budget.spend(0)
  const inner = (each: unknown): Where => filterOf(scope, names, each as Input, budget, depth + 1)
  const parts = Object.entries(input).flatMap(([name, value]): Where[] => {
    if (value === null || value === undefined) return []
    if (name === 'and' || name === 'or') {
      return [{ op: name, of: bounded(name, value, maxParts, 'filters').map(inner) }]
    }
    if (name === 'not') return [not(inner(value))]
    const field = named(scope, names, name)
    if (typeof field === 'string') return [fieldFilter(scope, field, value as Input, budget)]
    const { path, members } = field
    const parse = (each: unknown): Where => filterOf(listAt(scope, path), members, each as Input, budget, depth + 1)
    return Object.entries(value).flatMap(([operator, operand]) =>
      operand === null || operand === undefined ? [] : [objectsOperator(scope, path, operator, operand, parse)],
    )
  })
  return allOf(...parts)
}
