import { defineEntity, embed, int, json, list, objectId, text } from 'crossfade'
import { expect, test } from 'vitest'
import { allFields, fieldSet } from '../../src/entity/field-set.ts'

const Thing = defineEntity('Thing', {
  mongo: 'things',
  postgres: 'things',
  id: objectId(),
  fields: {
    a: text(),
    b: int(),
    e: embed({ x: text(), f: embed({ y: int() }) }),
    'a b': text(),
    spec: json({ 'size.cm': int() }),
    rows: list(embed({ id: int(), g: embed({ z: text() }) })),
  },
})

test('equal selections share one object, whatever their order', () => {
  expect(fieldSet(Thing, ['b', 'a', 'b'])).toBe(fieldSet(Thing, new Set(['a', 'b'])))
  expect(fieldSet(Thing, ['a'])).not.toBe(fieldSet(Thing, ['b']))
})

test('names with spaces are not taken for two names', () => {
  expect(fieldSet(Thing, ['a', 'b']).leaves.map(({ path }) => path)).toEqual(['a', 'b'])
  expect(fieldSet(Thing, ['a b']).leaves.map(({ path }) => path)).toEqual(['a b'])
})

test('a member brings the objects around it, and nothing beside it', () => {
  const set = fieldSet(Thing, ['e.f.y'])
  expect(set.leaves.map(({ path }) => path)).toEqual(['e.f.y'])
  expect(set.embeds.map(({ path }) => path)).toEqual(['e', 'e.f'])
})

test('what is inside of json is read with the whole of it', () => {
  expect(fieldSet(Thing, ['spec.size.cm'])).toBe(fieldSet(Thing, ['spec']))
})

test('an embedded object alone is its presence', () => {
  const set = fieldSet(Thing, ['e'])
  expect(set.leaves).toEqual([])
  expect(set.embeds.map(({ path }) => path)).toEqual(['e'])
})

test('no paths are the id alone', () => {
  expect(fieldSet(Thing, [])).toMatchObject({ leaves: [], embeds: [], nodes: [] })
})

test('all fields are all leaves and embedded objects', () => {
  expect(allFields(Thing).leaves.map(({ path }) => path)).toEqual(['a', 'b', 'e.x', 'e.f.y', 'a b', 'spec'])
  expect(allFields(Thing).lists.map(({ leaves }) => [...leaves.keys()])).toEqual([['id', 'g.z']])
  expect(allFields(Thing)).toBe(allFields(Thing))
})

test('a member of the objects in a list brings the list, and nothing beside it', () => {
  const { leaves, lists } = fieldSet(Thing, ['rows.g.z'])
  expect(leaves).toEqual([])
  expect(lists.map((list) => [list.path, [...list.leaves.keys()], [...list.embeds.keys()]])).toEqual([
    ['rows', ['g.z'], ['g']],
  ])
  expect(fieldSet(Thing, ['rows']).lists[0]?.nodes).toEqual([])
})

test('a path that the entity does not have is named', () => {
  expect(() => fieldSet(Thing, ['e.z'])).toThrow(
    expect.objectContaining({ code: 'MISCONFIGURED', message: 'Thing has no field "e.z". Did you mean "e.x"?' }),
  )
})
