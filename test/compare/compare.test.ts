import { boolean, defineEntity, embed, float, json, list, objectId, text, timestamp } from 'crossfade'
import { describe, expect, test } from 'vitest'
import { differences, fingerprint, hidden, sameRecord } from '../../src/compare/differences.ts'
import { equalJson } from '../../src/compare/equal-json.ts'
import { canonicalValue } from '../../src/entity/canonical-value.ts'
import { allFields, fieldSet } from '../../src/entity/field-set.ts'
import { newRecord } from '../../src/entity/new-record.ts'
import type { Json } from '../../src/util/json.ts'

const Thing = defineEntity('Thing', {
  mongo: 'things',
  postgres: 'things',
  id: objectId(),
  fields: {
    name: text().sensitive(),
    size: float(),
    on: boolean(),
    at: timestamp(),
    extra: json(),
    tags: list(text()),
    inner: embed({ deep: embed({ x: text() }) }),
    rows: list(embed({ n: float(), who: text().sensitive(), box: embed({ at: timestamp() }) })),
    keys: list(embed({ k: text() })).sensitive(),
  },
})

describe('Equal JSON', () => {
  const equal: readonly (readonly [Json, Json])[] = [
    [null, null],
    [0, -0],
    [1, 1.0],
    [
      { a: 1, b: [1, { c: null }] },
      { b: [1, { c: null }], a: 1 },
    ],
    [[], []],
    [{}, {}],
  ]
  const unequal: readonly (readonly [Json, Json])[] = [
    [null, 0],
    [null, {}],
    [null, []],
    [[], {}],
    [0, false],
    ['1', 1],
    ['a', 'A'],
    ['é', 'e\u0301'],
    [
      [1, 2],
      [2, 1],
    ],
    [[1], [1, 1]],
    [{ a: null }, {}],
    [{ a: null }, { b: null }],
    [{ toString: null }, {}],
  ]

  test.each(equal)('%j means the same as %j', (a, b) => {
    expect(equalJson(a, b)).toBe(true)
    expect(equalJson(b, a)).toBe(true)
  })

  test.each(unequal)('%j does not mean %j', (a, b) => {
    expect(equalJson(a, b)).toBe(false)
    expect(equalJson(b, a)).toBe(false)
  })
})

describe('Canonical values', () => {
  const leaf = (path: string): Parameters<typeof canonicalValue>[0] => Thing.leaves.get(path)!

  test('are JSON, with one form for each meaning', () => {
    expect(canonicalValue(leaf('at'), new Date('1903-12-01T00:00:00Z'))).toBe(-2085523200000)
    expect(Object.is(canonicalValue(leaf('size'), -0), 0)).toBe(true)
    expect(canonicalValue(leaf('tags'), ['b', 'a'])).toEqual(['b', 'a'])
    expect(canonicalValue(leaf('tags'), undefined)).toBeNull()
    expect(canonicalValue(leaf('on'), false)).toBe(false)
  })
})

describe('Differences', () => {
  const id = '5f00000000000000000000aa'
  const record = (values: Record<string, unknown>): ReturnType<typeof newRecord> => newRecord(Thing, id, values)
  const all = allFields(Thing)

  test('equal records have none', () => {
    const values = { name: 'a', at: new Date(5), extra: { a: 1, b: 2 }, tags: ['x'], inner: { deep: null } }
    expect(differences(all, record(values), record({ ...values, at: new Date(5) }))).toEqual([])
    expect(sameRecord(Thing, record(values), record(values))).toBe(true)
  })

  test('tell another order of keys as that alone: clients see the order', () => {
    const a = record({ extra: { a: 1, b: [{ c: 2, d: 3 }] } })
    const b = record({ extra: { a: 1, b: [{ d: 3, c: 2 }] } })
    expect(differences(all, a, b)).toEqual([
      {
        path: 'extra',
        control: { a: 1, b: [{ c: 2, d: 3 }] },
        candidate: { a: 1, b: [{ d: 3, c: 2 }] },
        only: 'order of keys',
      },
    ])
    expect(sameRecord(Thing, a, b)).toBe(false)
  })

  test('name the path and both values, and hide what is sensitive', () => {
    const a = record({ name: 'secret', size: 1.5, tags: [], extra: [1] })
    const b = record({ name: 'other', size: 1.25, tags: null, extra: [1] })
    expect(differences(all, a, b)).toEqual([
      { path: 'name', control: hidden, candidate: hidden },
      { path: 'size', control: 1.5, candidate: 1.25 },
      { path: 'tags', control: [], candidate: null },
    ])
  })

  test('hide the members of what is sensitive, at any depth', () => {
    const Secretive = defineEntity('Secretive', {
      mongo: 'secretive',
      postgres: 'secretive',
      id: objectId(),
      fields: { a: embed({ b: embed({ c: text() }) }).sensitive(), rows: list(embed({ d: text() })).sensitive() },
    })
    const of = (value: string) => newRecord(Secretive, id, { a: { b: { c: value } }, rows: [{ d: value }] })
    expect(differences(allFields(Secretive), of('x'), of('y'))).toEqual([
      { path: 'a.b.c', control: hidden, candidate: hidden },
      { path: 'rows.d', control: hidden, candidate: hidden },
    ])
  })

  test('tell a missing object from an empty one', () => {
    expect(differences(all, record({ inner: {} }), record({}))).toEqual([
      { path: 'inner', control: '(object)', candidate: null },
    ])
    expect(differences(all, record({ inner: { deep: {} } }), record({ inner: {} }))).toEqual([
      { path: 'inner.deep', control: '(object)', candidate: null },
    ])
  })

  test('name the member of a list of objects, once, with the first values that differ', () => {
    const a = record({ rows: [{ n: 1 }, { n: 2, who: 'a' }, { n: 3, box: {} }] })
    const b = record({ rows: [{ n: 1 }, { n: 5, who: 'b' }, { n: 6 }] })
    expect(differences(all, a, b)).toEqual([
      { path: 'rows.n', control: 2, candidate: 5 },
      { path: 'rows.who', control: hidden, candidate: hidden },
      { path: 'rows.box', control: '(object)', candidate: null },
    ])
    const keys = (k: string) => record({ keys: [{ k }] })
    expect(differences(all, keys('x'), keys('y'))).toEqual([{ path: 'keys.k', control: hidden, candidate: hidden }])
  })

  test('tell lists of other lengths, null and empty apart', () => {
    const a = record({ rows: [{ n: 1 }] })
    expect(differences(all, a, record({ rows: [] }))).toEqual([
      { path: 'rows', control: '(1 objects)', candidate: '(0 objects)' },
    ])
    expect(differences(all, record({ rows: [] }), record({}))).toEqual([
      { path: 'rows', control: '(0 objects)', candidate: null },
    ])
    expect(differences(fieldSet(Thing, ['rows.who']), a, record({ rows: [{ n: 2 }] }))).toEqual([])
  })

  test('look only at what was read', () => {
    expect(differences(fieldSet(Thing, ['size']), record({ on: true }), record({ on: false }))).toEqual([])
  })

  test('no record equals no record and nothing else', () => {
    expect(sameRecord(Thing, null, null)).toBe(true)
    expect(sameRecord(Thing, null, record({}))).toBe(false)
  })

  test('findings of the same place share a fingerprint', () => {
    expect(fingerprint('Thing', 'thing', 'divergence', 'name')).toMatch(/^[0-9a-f]{12}$/)
    expect(fingerprint('Thing', 'thing', 'divergence', 'name')).toBe(
      fingerprint('Thing', 'thing', 'divergence', 'name'),
    )
    expect(fingerprint('Thing', 'thing', 'divergence', 'name')).not.toBe(
      fingerprint('Thing', 'thing', 'missing', 'name'),
    )
  })
})
