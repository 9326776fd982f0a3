import { defineEntity, objectId, text } from 'crossfade'
import { buildSchema, parse } from 'graphql'
import { expect, test } from 'vitest'
import { unreached } from '../../../src/cli/doctor/unreached.ts'

const entities = ['Shop', 'Item'].map((name) =>
  defineEntity(name, { mongo: name, postgres: name.toLowerCase(), id: objectId(), fields: { name: text() } }),
)

const schema = buildSchema(`
  interface Named { name: String }
  type Address { street: String near(km: Int): [String] }
  type Shop implements Named { id: ID name: String address: Address items(first: Int): ItemConnection best: Item }
  type Item implements Named { id: ID name: String shop: Shop }
  type ItemConnection { edges: [ItemEdge] nodes: [Item] pageInfo: Int totalCount: Int }
  type ItemEdge { node: Item cursor: String }
  type Query { shop(id: ID): Shop shops: [Shop] named: [Named] }
`)

const left = (source: string, data: unknown) => unreached(schema, parse(source), entities, data)

test('nothing is left where each part was found once', () => {
  const source = '{ shops { id items { edges { node { name shop { id } } } } } }'
  const found = { edges: [{ node: { name: 'a', shop: null } }] }
  expect(
    left(source, {
      shops: [
        { id: '1', items: { edges: [] } },
        { id: '2', items: found },
      ],
    }),
  ).toEqual([])
})

test('what stands below nothing is told by its path, the topmost part alone', () => {
  const source = '{ all: shops { items { edges { node { shop { best { id } } } } } best { name } } }'
  expect(left(source, { all: [] })).toEqual(['all.items', 'all.best'])
  expect(left(source, { all: null })).toEqual(['all.items', 'all.best'])
  expect(left(source, null)).toEqual(['all'])
  expect(left(source, { all: [{ items: { edges: [] }, best: null }] })).toEqual(['all.items.edges.node.shop'])
})

test('values and the records of a page were read by the field above them', () => {
  expect(left('{ shops { items { edges { node { id name } } nodes { id } } } }', { shops: [{ items: null }] })).toEqual(
    [],
  )
  expect(left('{ shops { name address { street } } }', { shops: [] })).toEqual([])
})

test('a field that takes arguments may ask by itself, also inside of a value', () => {
  expect(left('{ shops { address { near } } }', { shops: [{ address: null }] })).toEqual(['shops.address.near'])
})

test('fragments and what a condition leaves out are seen', () => {
  const source = `query { named { ...A ... on Item { shop { id } } } shop @include(if: false) { id } }
    fragment A on Shop { best { id } }`
  expect(left(source, { named: [{ best: null }] })).toEqual(['named.shop', 'shop'])
  expect(left(source, { named: [{ best: null }, { shop: null }], shop: null })).toEqual([])
})
