import { defineEntity, embed, float, int, list, long, text, timestamp } from 'crossfade'
import { describe, expect, test } from 'vitest'
import type { Where } from '../../src/query/where.ts'
import { cut, shownError, shownPage, shownUnmapped, shownWhere } from '../../src/shadow/redact.ts'

const Visit = defineEntity('Visit', {
  mongo: 'visits',
  postgres: 'visits',
  id: int(),
  fields: {
    at: timestamp(),
    n: long(),
    tags: list(text()),
    person: embed({ name: text(), weight: float() }).sensitive(),
    steps: list(embed({ what: text() })).sensitive(),
  },
})
const Plain = defineEntity('Plain', { mongo: 'plain', postgres: 'plain', id: int(), fields: { name: text() } })

const hidden = '[redacted]'

describe('a condition', () => {
  const shown: readonly (readonly [where: Where, shown: object])[] = [
    [
      { op: 'gte', path: 'at', value: new Date('2020-01-02T03:04:05.678Z') },
      { op: 'gte', path: 'at', value: '2020-01-02T03:04:05.678Z' },
    ],
    [
      { op: 'in', path: 'n', values: [9007199254740993n, null] },
      { op: 'in', path: 'n', values: ['9007199254740993', null] },
    ],
    [
      { op: 'has', path: 'tags', values: ['a'], need: 'every' },
      { op: 'has', path: 'tags', values: ['a'], need: 'every' },
    ],
    [
      { op: 'not', of: { op: 'eq', path: 'person.name', value: null } },
      { op: 'not', of: { op: 'eq', path: 'person.name', value: hidden } },
    ],
    [
      { op: 'some', path: 'steps', where: { op: 'startsWith', path: 'what', value: 'X' } },
      { op: 'some', path: 'steps', where: { op: 'startsWith', path: 'what', value: hidden } },
    ],
    [
      { op: 'eq', path: 'steps', value: null },
      { op: 'eq', path: 'steps', value: null },
    ],
    [
      { op: 'isEmpty', path: 'tags', value: true },
      { op: 'isEmpty', path: 'tags', value: true },
    ],
    [
      { op: 'eq', path: 'id', value: 5 },
      { op: 'eq', path: 'id', value: 5 },
    ],
  ]

  test.each(shown.map(([where, expected]) => [JSON.stringify(expected), where, expected] as const))(
    'keeps its form, and values that are not sensitive: %s',
    (_title, where, expected) => {
      expect(shownWhere(Visit, where)).toEqual(expected)
    },
  )
})

test('cursors are hidden where a key of the order is inside of a sensitive object', () => {
  const by = (path: string) => [{ path, direction: 'asc' as const }]
  expect(shownPage(Visit, by('person.weight'), { first: 5, after: 'abc' })).toEqual({
    orderBy: [{ path: 'person.weight', direction: 'asc' }],
    first: 5,
    after: hidden,
  })
  expect(shownPage(Visit, by('at'), { last: 5, before: 'abc' })).toMatchObject({ last: 5, before: 'abc' })
})

test('what one of the types of a list hides is shown of none', () => {
  const Open = defineEntity('Open', {
    mongo: 'open',
    postgres: 'open',
    id: int(),
    fields: { at: timestamp(), person: embed({ name: text() }), steps: list(embed({ what: text() })) },
  })
  const by = [{ path: 'person.name', direction: 'asc' as const }]
  const where: Where = {
    op: 'and',
    of: [
      { op: 'eq', path: 'person.name', value: 'secret' },
      { op: 'some', path: 'steps', where: { op: 'in', path: 'what', values: ['secret'] } },
    ],
  }
  expect(JSON.stringify(shownWhere(Open, where))).toContain('secret')
  expect(shownWhere(Open, where, [Visit, Open])).toEqual({
    op: 'and',
    of: [
      { op: 'eq', path: 'person.name', value: hidden },
      { op: 'some', path: 'steps', where: { op: 'in', path: 'what', values: [hidden] } },
    ],
  })
  expect(shownPage(Open, by, { after: 'abc' })).toMatchObject({ after: 'abc' })
  expect(shownPage(Open, by, { after: 'abc' }, [Visit, Open])).toMatchObject({ after: hidden })
})

test('what no mapping describes is shown where no type involved hides anything; else its shape', () => {
  const args = { name: 'OBRIEN', n: 123456789, at: new Date(0), big: 5n, on: true, in: ['a', null] }
  expect(shownUnmapped([Plain], args)).toEqual({
    ...args,
    at: '1970-01-01T00:00:00.000Z',
    big: '5',
  })
  expect(shownUnmapped([Plain, Visit], args)).toEqual({
    name: hidden,
    n: hidden,
    at: hidden,
    big: hidden,
    on: true,
    in: [hidden, null],
  })
})

describe('an example', () => {
  test('is cut to what can be kept, whatever it holds', () => {
    expect(cut('x'.repeat(5_000))).toBe(`${'x'.repeat(1_000)}… (5000 characters)`)
    const many = cut(Array.from({ length: 150 }, (_, n) => n)) as unknown[]
    expect(many).toHaveLength(101)
    expect(many.at(-1)).toBe('… (150 values)')
    const deep = cut(Array.from({ length: 100 }, () => Array(100).fill('y'.repeat(500))) as never)
    expect(JSON.stringify(deep).length).toBeLessThan(20_000)
  })

  test('holds no text that PostgreSQL refuses', () => {
    expect(cut({ 'a\0b': ['\ud800', '\0'] })).toEqual({ 'a\u2400b': ['\ufffd', '\u2400'] })
    expect(cut('👩'.repeat(600))).toMatch(/^(👩){500}… \(1200 characters\)$/u)
  })
})

describe('an error', () => {
  const errors: readonly (readonly [message: string, shown: string])[] = [
    ['invalid input syntax for type integer: "Smith"', 'invalid input syntax for type integer: …'],
    [
      'E11000 duplicate key error collection: shop.users index: email_1 dup key: { email: "a@b.c" }',
      'E11000 duplicate key error collection: shop.users index: email_1 dup key: …',
    ],
    ["Failed to parse number 'Smith (jr)' in $convert", 'Failed to parse number … in $convert'],
    ['value 123456789 is out of range, as is 12.5e9', 'value … is out of range, as is …'],
    ['invalid byte sequence: 0xe2 0x28', 'invalid byte sequence: … …'],
    ['no answer within 10000 ms', 'no answer within 10000 ms'],
    ['a document of 17000000 bytes, 4111111111111111 records', 'a document of 17000000 bytes, … records'],
    ['5551234567 milliseconds, 2020-01-02 s, 12.5000 ms, 10000 msx', '… milliseconds, … s, … ms, … msx'],
  ]

  test.each(errors)('%j is kept without the values in it', (message, shown) => {
    expect(shownError(Object.assign(new Error(message), { code: '22P02' }))).toEqual({ code: '22P02', message: shown })
  })

  test('without a code has its class', () => {
    expect(shownError(new TypeError('x is not a function'))).toEqual({
      code: 'TypeError',
      message: 'x is not a function',
    })
    expect(shownError('thrown text')).toEqual({ code: 'string', message: '' })
  })
})
