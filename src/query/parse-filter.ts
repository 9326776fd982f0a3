import type { Scope } from '../entity/entity.ts'
import { leafAt, listAt } from '../entity/leaf-at.ts'
import { CrossfadeError } from '../util/errors.ts'
import { Budget, bounded, checkDepth, checkNeedles, maxParts, maxValues } from './filter-bounds.ts'
import { allOf, type Comparison, parseValue, type TextMatch, type Where } from './where.ts'

/** Names of an order in the contract, and the record paths they mean. */
export type Names = Readonly<Record<string, string>>

/** Names of a filter, likewise; of a list of objects with the names of the filter of its members. */
export type FilterNames = Readonly<Record<string, string | { readonly path: string; readonly members: FilterNames }>>

type Input = Readonly<Record<string, unknown>>

const comparisons = new Set(['lt', 'lte', 'gt', 'gte'])
const matches = new Set(['contains', 'startsWith', 'endsWith'])

const not = (of: Where): Where => ({ op: 'not', of })

function isNull(path: string, wanted: boolean): Where {
  const test: Where = { op: 'eq', path, value: null }
  return wanted ? test : not(test)
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
    default:
      return isNull(path, value as boolean)
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
function objectsOperator(path: string, name: string, value: unknown, parse: (members: unknown) => Where): Where {
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
    default:
      return isNull(path, value as boolean)
  }
}

/**
 * The query AST for a filter of the contract.
 *
 * @param names the filter's fields and the record paths they mean.
 * @throws CrossfadeError BAD_USER_INPUT for values that are not of the field's kind, and for filters past the bounds.
 */
export function parseFilter(scope: Scope, names: FilterNames, input: Input | null | undefined): Where {
  return filterOf(scope, names, input ?? {}, new Budget(), 0)
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
    const field = names[name]!
    if (typeof field === 'string') return [fieldFilter(scope, field, value as Input, budget)]
    const { path, members } = field
    const parse = (each: unknown): Where => filterOf(listAt(scope, path), members, each as Input, budget, depth + 1)
    return Object.entries(value).flatMap(([operator, operand]) =>
      operand === null || operand === undefined ? [] : [objectsOperator(path, operator, operand, parse)],
    )
  })
  return allOf(...parts)
}
