import { expect, test } from 'vitest'
import type { Rec } from '../../src/entity/entity.ts'
import { checked } from './checks.ts'
import type { Operation, TypeName } from './operations.ts'

let now = 0

function told(
  type: TypeName,
  kind: Operation['kind'],
  id: string,
  token: string,
  outcome: Operation['outcome'] = 'ok',
  holders?: [string, string],
): Operation {
  now += 10
  return { type, kind, id, token, outcome, start: now, end: now + 5, ...(holders && { holders }) }
}

const left = (records: Readonly<Partial<Record<TypeName, readonly Rec[]>>>) => {
  const of = (type: TypeName) => new Map((records[type] ?? []).map((record) => [record.id, record] as const))
  return {
    Counter: of('Counter'),
    Basket: of('Basket'),
    Note: of('Note'),
    Seat: of('Seat'),
    Purse: of('Purse'),
    Transfer: of('Transfer'),
  }
}

const promises = (operations: readonly Operation[], records: Readonly<Partial<Record<TypeName, readonly Rec[]>>>) =>
  checked(operations, left(records)).map(({ promise }) => promise)

const counts = [
  told('Counter', 'increment', 'c', '1'),
  told('Counter', 'increment', 'c', '2'),
  told('Counter', 'increment', 'c', '3', 'unknown'),
  told('Counter', 'increment', 'c', '4', 'refused'),
]

test.each([
  [1, ['lost']],
  [2, []],
  [3, []],
  [4, ['doubled']],
])('of two acknowledged counts and one unknown, %i left breaks %j', (n, broken) => {
  expect(promises(counts, { Counter: [{ id: 'c', n }] })).toEqual(broken)
})

test('a counter that is gone has lost what it counted', () => {
  expect(promises(counts, {})).toEqual(['lost'])
})

const items = [
  told('Basket', 'create', 'b', '0'),
  told('Basket', 'append', 'b', '1'),
  told('Basket', 'append', 'b', '2', 'unknown'),
  told('Basket', 'append', 'b', '3', 'refused'),
]

test.each([
  [['1'], []],
  [['1', '2'], []],
  [[], ['lost']],
  [['1', '1'], ['doubled']],
  [['1', '2', '2'], ['doubled']],
  [['1', '3'], ['untrue']],
  [['1', 'x'], ['untrue']],
])('of an acknowledged item, an unknown and a refused one, %j left breaks %j', (list, broken) => {
  expect(promises(items, { Basket: [{ id: 'b', items: list }] })).toEqual(broken)
})

test('a basket that was made and is gone is lost, and so is what was in it', () => {
  expect(promises(items, {})).toEqual(['lost', 'lost'])
})

const notes = [
  told('Note', 'create', 'n', '1'),
  told('Note', 'append', 'n', '2'),
  told('Note', 'delete', 'n', '3'),
  told('Note', 'create', 'n', '4'),
]

test.each([
  [{ id: 'n', log: ['4'], n: 1 }, []],
  [{ id: 'n', log: ['1', '2'], n: 2 }, ['lost', 'resurrected', 'resurrected']],
  [{ id: 'n', log: ['4'], n: 2 }, ['untrue']],
])('of a record that was deleted and made again, %j left breaks %j', (record, broken) => {
  expect(promises(notes, { Note: [record] }).sort()).toEqual(broken)
})

test('a record that was deleted last is gone', () => {
  const gone = notes.slice(0, 3)
  expect(promises(gone, {})).toEqual([])
  expect(promises(gone, { Note: [{ id: 'n', log: ['1'], n: 1 }] })).toEqual(['resurrected'])
})

const seats = [
  told('Seat', 'seat', 's-0', '1', 'ok', ['a', 'b']),
  told('Seat', 'seat', 's-0', '2', 'ok', ['b', 'a']),
  told('Seat', 'seat', 's-0', '3', 'unknown', ['c', 'd']),
]
const held = (first: string | null, second: string | null) => ({
  Seat: [
    { id: 's-0', holder: first },
    { id: 's-1', holder: second },
  ],
})

test.each([
  ['b', 'a', []],
  ['b', null, []],
  ['c', null, []],
  ['c', 'd', []],
  ['a', 'b', ['lost', 'lost']],
  ['b', 'b', ['lost', 'doubled']],
  [null, 'a', ['lost']],
])('of seats that were exchanged, and perhaps given away, %s and %s left breaks %j', (first, second, broken) => {
  expect(promises(seats, held(first, second))).toEqual(broken)
})

const purses = (first: number, second: number) => [
  { id: 'purse-0', coins: first },
  { id: 'purse-1', coins: second },
]
const coin = { from: 'purse-0', to: 'purse-1' }

test.each([
  ['that stands whole', 'ok', purses(999, 1_001), [{ id: 't', ...coin }], []],
  ['that is half there', 'ok', purses(999, 1_000), [{ id: 't', ...coin }], ['lost']],
  ['whose purses have it alone', 'unknown', purses(999, 1_001), [], ['lost', 'lost']],
  ['that was refused, and is there', 'refused', purses(999, 1_001), [{ id: 't', ...coin }], ['untrue']],
  ['that was acknowledged, and is not', 'ok', purses(1_000, 1_000), [], ['lost']],
  ['that nobody knows of, and is not there', 'unknown', purses(1_000, 1_000), [], []],
] as const)('of a transfer %s', (_, outcome, purse, transfers, broken) => {
  const records = { Purse: purse, Transfer: transfers }
  expect(promises([told('Purse', 'transfer', 't', 't', outcome)], records)).toEqual(broken)
})
