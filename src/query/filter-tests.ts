import type { Scope } from '../entity/entity.ts'
import { CrossfadeError } from '../util/errors.ts'
import { bounded, checkNeedles, flag, maxParts, maxValues } from './filter-bounds.ts'
import { parseNeedle, parseValue, type Where } from './where.ts'

export const not = (of: Where): Where => ({ op: 'not', of })

function isNull(path: string, wanted: boolean): Where {
  const test: Where = { op: 'eq', path, value: null }
  return wanted ? test : not(test)
}

const unasked = (scope: Scope, path: string, name: string): never => {
  throw new CrossfadeError('MISCONFIGURED', `${scope.name}.${path} cannot be asked "${name}".`)
}

/** What a test of a list of scalars means. */
export function listTest(scope: Scope, path: string, name: string, value: unknown): Where {
  const place = `${path}.${name}`
  const parse = (element: unknown): unknown => parseValue(scope, path, element)
  switch (name) {
    case 'has':
      return { op: 'has', path, values: [parse(value)], need: 'some' }
    case 'hasSome':
      return { op: 'has', path, values: bounded(place, value, maxValues, 'values').map(parse), need: 'some' }
    case 'hasEvery':
      return { op: 'has', path, values: bounded(place, value, maxParts, 'values').map(parse), need: 'every' }
    case 'isEmpty':
      return { op: 'isEmpty', path, value: flag(place, value) }
    case 'isNull':
      return isNull(path, flag(place, value))
    default:
      return unasked(scope, path, name)
  }
}

/** What a test of a value means. */
export function scalarTest(scope: Scope, path: string, name: string, value: unknown, insensitive: boolean): Where {
  const parse = (each: unknown): unknown => (insensitive ? parseNeedle : parseValue)(scope, path, each)
  switch (name) {
    case 'lt':
    case 'lte':
    case 'gt':
    case 'gte':
      if (insensitive) throw new CrossfadeError('BAD_USER_INPUT', `insensitive does not go with ${name}.`)
      return { op: name, path, value: parseNeedle(scope, path, value) }
    case 'contains':
    case 'startsWith':
    case 'endsWith':
      checkNeedles(path, name, [value])
      return { op: name, path, value: String(parseNeedle(scope, path, value)), insensitive }
    case 'in':
    case 'notIn': {
      const values = bounded(`${path}.${name}`, value, insensitive ? maxParts : maxValues, 'values')
      if (insensitive) checkNeedles(path, name, values)
      const among: Where = { op: 'in', path, values: values.map(parse), insensitive }
      return name === 'in' ? among : not(among)
    }
    case 'eq':
    case 'ne': {
      if (insensitive) checkNeedles(path, name, [value])
      const equal: Where = { op: 'eq', path, value: parse(value), insensitive }
      return name === 'eq' ? equal : not(equal)
    }
    default:
      return unasked(scope, path, name)
  }
}

/** What a test of a list of objects means. Of none "some" is false, "every" and "none" are true; a null list has none. */
export function objectsTest(
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
      return { op: 'isEmpty', path, value: flag(`${path}.${name}`, value) }
    case 'isNull':
      return isNull(path, flag(`${path}.${name}`, value))
    default:
      return unasked(scope, path, name)
  }
}
