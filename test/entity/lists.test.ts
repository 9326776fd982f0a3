import { describe, expect, test } from 'vitest'
import { canonicalValue } from '../../src/entity/canonical-value.ts'
import { defineEntity } from '../../src/entity/define-entity.ts'
import { embed, int, list, objectId, text } from '../../src/entity/field.ts'
import { leafAt } from '../../src/entity/leaf-at.ts'
import { listOf, mapValue, membersOf, objectsOf } from '../../src/entity/lists.ts'
import { encodeNodes, encodeObjects } from '../../src/stores/mongo/codec/encode.ts'
import { encodeChildren } from '../../src/stores/postgres/codec/encode.ts'

const Song = defineEntity('Song', {
  mongo: 'songs',
  postgres: 'songs',
  id: objectId(),
  fields: { takes: list(int()), tags: list(text()).childTable('song_tags'), parts: list(embed({ at: int() })) },
})

describe('what stands in a record in the place of a list', () => {
  test.each([
    ['a text, which has a length and no map', 'abc'],
    ['a number', 7],
    ['an object', { length: 1 }],
  ])('is refused where it is %s', (_title, value) => {
    const parts = Song.lists.get('parts')!
    const faults = [
      () => listOf(value),
      () => objectsOf(value),
      () => mapValue({ list: 'column' }, value, String),
      () => canonicalValue(leafAt(Song, 'takes'), value),
      () => encodeObjects(parts, value),
      () => encodeChildren(leafAt(Song, 'tags'), 'a', value),
      () => encodeChildren(parts, 'a', value),
    ]
    for (const fault of faults) expect(fault).toThrow(/^a record holds \w+ where its mapping has a list$/)
  })

  test('is null where there is none, and else each element, without its place', () => {
    expect([listOf(null), objectsOf(undefined), listOf([1, null])]).toEqual([null, null, [1, null]])
    expect(mapValue({ list: 'child' }, ['10', '11'], (each, place = 0) => Number(each) + place)).toEqual([10, 11])
    expect(mapValue({ list: 'none' }, ['10'], String)).toBe('10')
    expect(encodeChildren(leafAt(Song, 'tags'), 'a', ['x', 'y'])).toEqual([
      { value: 'x', parent_id: 'a', position: 0 },
      { value: 'y', parent_id: 'a', position: 1 },
    ])
  })
})

test.each([
  ['a list', []],
  ['a text', 'x'],
  ['a date', new Date(0)],
])('an embedded object that is %s is refused', (_title, value) => {
  expect(() => membersOf(value)).toThrow(/^a record holds \w+ where its mapping has an object$/)
  const at = {
    leaf: undefined,
    list: undefined,
    embed: { path: 'a', mongo: 'a', column: 'a', required: false },
    nodes: [],
  }
  expect(() => encodeNodes([{ key: 'a', steps: ['a'], ...at }], { a: value })).toThrow(/has an object$/)
})
