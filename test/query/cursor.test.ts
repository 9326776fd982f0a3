import { boolean, defineEntity, embed, float, int, json, objectId, text, timestamp } from 'crossfade'
import { describe, expect, test } from 'vitest'
import { newRecord } from '../../src/entity/new-record.ts'
import { decodeCursor, encodeCursor } from '../../src/query/cursor.ts'
import { type OrderKey, totalOrder } from '../../src/query/order.ts'
import { type PageArgs, planPage } from '../../src/query/page.ts'
import { everything } from '../../src/query/where.ts'

const options = {
  postgres: 'things',
  id: objectId(),
  fields: {
    name: text(),
    n: int(),
    x: float(),
    on: boolean(),
    at: timestamp(),
    inner: embed({ code: text() }),
    spec: json({ 'a.length': int(), 'a.constructor': text(), 'a.on': boolean(), 'a.x': float() }),
  },
}
const Thing = defineEntity('Thing', { mongo: 'things', ...options })
const Other = defineEntity('Other', { mongo: 'others', ...options })

const id = '5f00000000000000000000aa'
const order = (...keys: OrderKey[]): readonly OrderKey[] => totalOrder(Thing, keys)
const asc = (path: string): OrderKey => ({ path, direction: 'asc' })
const desc = (path: string): OrderKey => ({ path, direction: 'desc' })

const every = order(asc('name'), desc('n'), asc('x'), asc('on'), desc('at'), asc('inner.code'))
const record = newRecord(Thing, id, {
  name: '👩‍🚀 "\n',
  n: -5,
  x: 0.1,
  on: false,
  at: new Date('1903-12-01T00:00:00.001Z'),
  inner: {},
})
const cursor = encodeCursor(Thing, every, record)

describe('Cursors', () => {
  test('carry the order keys and the id, of every kind', () => {
    expect(decodeCursor(Thing, every, cursor)).toEqual([
      '👩‍🚀 "\n',
      -5,
      0.1,
      false,
      new Date('1903-12-01T00:00:00.001Z'),
      null,
      id,
    ])
  })

  test.each([
    [{ a: { length: 5, constructor: 'x', on: false, x: 0.5 } }, [5, 'x', false, 0.5]],
    [{ a: { length: 5.5, constructor: 5, on: 'no', x: '1' } }, [null, null, null, null]],
    [{ a: { length: 2 ** 31, constructor: null, on: 0 } }, [null, null, null, null]],
    [{ a: [1, 2] }, [null, null, null, null]],
    [{ a: 'text' }, [null, null, null, null]],
    [{ a: {} }, [null, null, null, null]],
    [null, [null, null, null, null]],
  ])('carry of the json %j what is of the kinds that are asked for', (spec, values) => {
    const inside = order(asc('spec.a.length'), asc('spec.a.constructor'), asc('spec.a.on'), asc('spec.a.x'))
    const at = encodeCursor(Thing, inside, newRecord(Thing, id, { spec }))
    expect(decodeCursor(Thing, inside, at)).toEqual([...values, id])
  })

  test('are text that fits a URL', () => {
    expect(cursor).toMatch(/^[\w-]+$/)
  })

  test('of a record with nothing in it carry nulls', () => {
    const empty = encodeCursor(Thing, every, newRecord(Thing, id, {}))
    expect(decodeCursor(Thing, every, empty)).toEqual([null, null, null, null, null, null, id])
  })

  const refused: readonly (readonly [title: string, cursor: string])[] = [
    ['an empty one', ''],
    ['one that is no base64', '%%%'],
    ["another API's", Buffer.from('arrayconnection:5').toString('base64')],
    ['JSON without a seal', Buffer.from('["a",1]').toString('base64url')],
    [
      'an altered one',
      Buffer.from(Buffer.from(cursor, 'base64url').toString().replace('-5', '-6')).toString('base64url'),
    ],
    ['one with an altered seal', `AAAA${cursor.slice(4)}`],
    ['a cut one', cursor.slice(0, -3)],
    ["another type's", encodeCursor(Other, every, record)],
    ["another order's", encodeCursor(Thing, order(asc('name')), record)],
    ['one of the other direction', encodeCursor(Thing, [desc('name'), ...every.slice(1)], record)],
  ]

  test.each(refused)('refuse %s, and say what to use', (_title, text) => {
    expect(() => decodeCursor(Thing, every, text)).toThrow(
      expect.objectContaining({
        code: 'BAD_USER_INPUT',
        message: expect.stringMatching(/^The cursor .*\. Use a cursor of the same field, order and API\.$/),
      }),
    )
  })
})

describe('Page arguments', () => {
  const refused: readonly (readonly [args: PageArgs, message: string])[] = [
    [{ first: 1, last: 1 }, 'Give first or last, not both.'],
    [{ first: -1 }, 'first must be between 0 and 100, got -1.'],
    [{ last: 101 }, 'last must be between 0 and 100, got 101.'],
    [{ first: 1, after: 'x' }, 'The cursor is not one of this API. Use a cursor of the same field, order and API.'],
  ]

  test.each(refused)('refuse %j', (args, message) => {
    expect(() => planPage(Thing, everything, [], args)).toThrow(
      expect.objectContaining({ code: 'BAD_USER_INPUT', message }),
    )
  })

  test("end an order with the id, in the last key's direction, unless the order names it", () => {
    expect(order()).toEqual([asc('id')])
    expect(order(asc('n'), desc('x'))).toEqual([asc('n'), desc('x'), desc('id')])
    expect(order(desc('n'), asc('x'))).toEqual([desc('n'), asc('x'), asc('id')])
    expect(order(desc('n'), asc('id'), asc('x'))).toEqual([desc('n'), asc('id')])
    expect(order(desc('n'), asc('n'))).toEqual([desc('n'), desc('id')])
  })

  test('refuse a cursor that was made when ties went by id upwards', () => {
    const before = [desc('n'), asc('id')]
    const old = encodeCursor(Thing, before, record)
    expect(decodeCursor(Thing, before, old)).toEqual([-5, id])
    expect(() => planPage(Thing, everything, [desc('n')], { after: old })).toThrow(
      'The cursor belongs to another list or order, or was altered. Use a cursor of the same field, order and API.',
    )
  })

  test('ask for one more than the page, in the order that it is read', () => {
    expect(planPage(Thing, everything, [asc('n')], {})).toMatchObject({
      limit: 21,
      backward: false,
      order: [asc('n'), asc('id')],
    })
    expect(planPage(Thing, everything, [asc('n')], { last: 5 })).toMatchObject({
      limit: 6,
      backward: true,
      order: [desc('n'), desc('id')],
      shownOrder: [asc('n'), asc('id')],
    })
  })
})
