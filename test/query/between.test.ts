import { decimal, defineEntity, int, objectId } from 'crossfade'
import { expect, test } from 'vitest'
import { between } from '../../src/query/keyset.ts'
import { type OrderKey, reversed, totalOrder } from '../../src/query/order.ts'
import { everything, type Where } from '../../src/query/where.ts'

const Film = defineEntity('Film', {
  mongo: 'films',
  postgres: 'films',
  id: objectId(),
  fields: { year: int(), stars: int(), votes: int(), length: int(), price: decimal() },
})

/** As one would write it down. */
function shown(where: Where): string {
  if (where === everything) return 'all'
  if (where.op === 'and') return where.of.map(shown).join(' & ')
  if (where.op === 'or') return where.of.length === 0 ? 'none' : `(${where.of.map(shown).join(' | ')})`
  if (where.op === 'not') return `not ${shown(where.of)}`
  if (!('path' in where && 'value' in where)) throw new Error(where.op)
  return `${where.path} ${where.op} ${where.value}`
}

const keys = (...paths: string[]): OrderKey[] =>
  paths.map((path) => (path[0] === '-' ? { path: path.slice(1), direction: 'desc' } : { path, direction: 'asc' }))

function ranges(order: OrderKey[], after: unknown[] | null, before: unknown[] | null): string[] {
  const total = totalOrder(Film, order)
  return between(Film, total, reversed(total), after, before).map(shown)
}

test('behind a position come the ranges of the last key first', () => {
  expect(ranges(keys('-year'), [5, 'b'], null)).toEqual(['year eq 5 & id lt b', 'year lt 5', 'year eq null'])
})

test('before a position come the ranges of the first key first, nulls where the order has them', () => {
  expect(ranges(keys('-year'), null, [5, 'b'])).toEqual(['year gt 5', 'year eq 5 & id gt b'])
  expect(ranges(keys('year'), null, [5, 'b'])).toEqual(['year eq null', 'year lt 5', 'year eq 5 & id lt b'])
})

test('between two positions are the ranges from the first key on in which they differ', () => {
  expect(ranges(keys('year'), [3, 'a'], [5, 'b'])).toEqual([
    'year eq 3 & id gt a & year eq null',
    'year eq 3 & id gt a & year lt 5',
    'year gt 3 & year eq null',
    'year gt 3 & year lt 5',
    'year gt 3 & year eq 5 & id lt b',
  ])
  expect(ranges(keys('year'), [5, 'a'], [5, 'b'])).toEqual(['year eq 5 & id gt a & year eq 5 & id lt b'])
  expect(ranges(keys('year'), [5, 'a'], [5, 'a'])).toEqual(['none'])
})

test('positions that differ to a client alone are equal in the order', () => {
  expect(ranges(keys('price'), ['1.0', 'a'], ['1.00', 'b'])).toEqual([
    'price eq 1.0 & id gt a & price eq 1.00 & id lt b',
  ])
})

test('an order of many keys has one range, so that what is asked beside it is not asked dozens of times', () => {
  const many = ['-year', '-stars', '-votes', '-length']
  expect(ranges(keys(...many), [1, 2, 3, 4, 'a'], [9, 8, 7, 6, 'b'])).toHaveLength(1)
  expect(ranges(keys(...many), [1, 2, 3, 4, 'a'], null)).toHaveLength(9)
})
