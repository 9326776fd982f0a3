import { defineEntity, embed, int, list, text } from 'crossfade'
import { DBRef, ObjectId } from 'mongodb'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Issue } from '../../src/codec/refused.ts'
import { imageOf } from '../../src/stores/mongo/scan.ts'
import { anyEpoch } from '../support/any-epoch.ts'
import type { TestStores } from '../support/stores.ts'
import { openFleet } from './fleet.ts'
import { Vessel, type VesselName, vesselName } from './vessel.ts'

let stores: TestStores

beforeAll(async () => {
  stores = await openFleet()
})

afterAll(() => stores.close())

const element = 'is null inside a list'

/** Every value that was lost, where it was, why, and what it was. Vessels that are not here lost nothing. */
const expected: Partial<Record<VesselName, readonly Issue[]>> = {
  echo: [
    { path: 'flags.1', rule: element, raw: 'null' },
    { path: 'flags.2', rule: 'is not a string', raw: '{"$numberInt":"5"}' },
    { path: 'flags.3', rule: 'means null inside a list', raw: '""' },
    { path: 'flags.5', rule: 'is not a string', raw: '["blue"]' },
    { path: 'soundings.1', rule: 'is not finite', raw: '{"$numberDouble":"NaN"}' },
    { path: 'soundings.2', rule: 'is not a number', raw: '"2"' },
    { path: 'soundings.3', rule: 'is not finite', raw: '{"$numberDouble":"Infinity"}' },
    { path: 'soundings.4', rule: 'is not a number', raw: '{"$numberDecimal":"4"}' },
    { path: 'decks.1', rule: 'is not a whole number of 32 bits', raw: '"x"' },
    { path: 'decks.3', rule: 'is not a whole number', raw: '{"$numberDouble":"4.5"}' },
    { path: 'decks.4', rule: element, raw: 'null' },
    { path: 'ports.0', rule: element, raw: 'null' },
    { path: 'ports.2', rule: 'is not a string', raw: '{"$numberInt":"7"}' },
  ],
  fulmar: [
    { path: 'name', rule: 'is not a string', raw: '{"$numberInt":"42"}' },
    { path: 'callSign', rule: 'is not a string', raw: '{"$numberInt":"7"}' },
    { path: 'built', rule: 'is not a whole number of 32 bits', raw: 'true' },
    { path: 'crew', rule: 'is not a whole number of 32 bits', raw: '"12"' },
    { path: 'draught', rule: 'is not a number', raw: '"deep"' },
    { path: 'active', rule: 'is neither true nor false', raw: '"yes"' },
    { path: 'launched', rule: 'is not a date', raw: '"1990-05-01T12:30:00.123Z"' },
    { path: 'owner', rule: 'is not an ObjectId', raw: '"5f00000000000000000000aa"' },
    { path: 'flags', rule: 'is not a list', raw: '"red"' },
    { path: 'soundings', rule: 'is not a list', raw: '{"$numberDouble":"3.5"}' },
    { path: 'decks', rule: 'is not a list', raw: '{"$numberInt":"1"}' },
    { path: 'ports', rule: 'is not a list', raw: '{"0":"Oslo"}' },
    { path: 'captain', rule: 'is not a string', raw: '{"name":"Åse"}' },
    { path: 'engine', rule: 'is not an object', raw: '"none"' },
  ],
  grebe: [
    { path: 'name', rule: 'is not a string', raw: '["Grebe"]' },
    { path: 'callSign', rule: 'is not a string', raw: '["AB1"]' },
    { path: 'built', rule: 'is not a whole number of 32 bits', raw: '[{"$numberInt":"1990"}]' },
    { path: 'crew', rule: 'is not a whole number of 32 bits', raw: '[{"$numberInt":"12"}]' },
    { path: 'draught', rule: 'is not a number', raw: '[{"$numberDouble":"6.5"}]' },
    { path: 'active', rule: 'is neither true nor false', raw: '[true]' },
    { path: 'launched', rule: 'is not a date', raw: '[{"$date":{"$numberLong":"641565000123"}}]' },
    { path: 'owner', rule: 'is not an ObjectId', raw: '[{"$oid":"5f00000000000000000000aa"}]' },
    { path: 'flags.0', rule: 'is not a string', raw: '["red"]' },
    { path: 'captain', rule: 'is not a string', raw: '["Åse"]' },
    {
      path: 'engine',
      rule: 'is not an object',
      raw: '[{"maker":"MAN","power":{"$numberInt":"900"},"fuel":{"kind":"diesel","tons":{"$numberDouble":"20.25"},"tags":["a"]}}]',
    },
  ],
  heron: [
    { path: 'crew', rule: 'is not a whole number', raw: '{"$numberDouble":"12.5"}' },
    { path: 'draught', rule: 'is not finite', raw: '{"$numberDouble":"NaN"}' },
    { path: 'engine.power', rule: 'is not a whole number', raw: '{"$numberDouble":"900.5"}' },
    { path: 'engine.fuel', rule: 'is not an object', raw: '[{"kind":"diesel"}]' },
  ],
  ibis: [
    { path: 'built', rule: 'is not a whole number of 32 bits', raw: '"circa 1995"' },
    { path: 'crew', rule: 'is not a whole number of 32 bits', raw: '{"$numberLong":"9007199254740993"}' },
    { path: 'draught', rule: 'is not finite', raw: '{"$numberDouble":"Infinity"}' },
    { path: 'engine.power', rule: 'is past 32 bits', raw: '{"$numberLong":"2147483648"}' },
    {
      path: 'engine.fuel.tons',
      rule: 'is past the whole numbers that a double holds',
      raw: '{"$numberLong":"-9223372036854775808"}',
    },
  ],
  kite: [
    { path: 'name', rule: 'holds the character NUL, which Postgres cannot store', raw: '"Ki\\u0000te"' },
    {
      path: 'draught',
      rule: 'is past the whole numbers that a double holds',
      raw: '{"$numberLong":"1152921504606846976"}',
    },
    {
      path: 'papers.0',
      rule: 'has no JSON form',
      raw: '"\\u0000"',
    },
    { path: 'ports.0', rule: 'holds the character NUL, which Postgres cannot store', raw: '"Os\\u0000lo"' },
  ],
  lark: [
    { path: 'built', rule: 'is not a whole number of 32 bits', raw: '"99999999999"' },
    { path: 'crew', rule: 'is not a whole number of 32 bits', raw: '{"$numberDecimal":"12"}' },
    { path: 'draught', rule: 'is not a number', raw: '{"$numberDecimal":"6.5"}' },
  ],
}

test('every value that a scan cannot carry is an issue with its path, rule and raw form', async () => {
  const { images, quarantined } = await stores.mongo.reader.scan(Vessel, { after: null, limit: 100 })
  const found = images.filter(({ issues }) => issues.length > 0).map(({ id, issues }) => [vesselName(id), issues])
  expect(Object.fromEntries(found)).toEqual(expected)
  expect(quarantined.toSorted((a, b) => (a.id < b.id ? 1 : -1))).toEqual([
    {
      id: '{"$numberInt":"7"}',
      issues: [
        {
          path: '_id',
          rule: "is not of the id's kind, objectId",
          raw: '{"_id":{"$numberInt":"7"},"name":"Stray too"}',
        },
      ],
    },
    {
      id: '"not-an-object-id"',
      issues: [
        {
          path: '_id',
          rule: "is not of the id's kind, objectId",
          raw: '{"_id":"not-an-object-id","name":"Stray"}',
        },
      ],
    },
  ])
})

test('a required value that is null or missing is an issue', () => {
  const required = { path: 'name', rule: 'is required but null or missing', raw: 'null' }
  expect(imageOf(Vessel, 'x', { name: null }).issues).toEqual([required])
  expect(imageOf(Vessel, 'x', {}).issues).toEqual([required])
})

test('what the driver makes a reference is an object with members', () => {
  // Stand-in (SecantusDB): not asked of the store, since it does not look inside such an object, as MongoDB does
  const Linked = defineEntity('Linked', {
    mongo: 'linked',
    postgres: 'linked',
    id: int(),
    fields: { author: embed({ name: text() }), links: list(embed({ label: text() })) },
  })
  const document = {
    author: new DBRef('users', new ObjectId(), undefined, { name: 'Ann' }),
    links: [new DBRef('pages', new ObjectId(), undefined, { label: 'home' })],
  }
  const { record, issues } = imageOf(Linked, 1, document)
  expect(record).toEqual({ id: 1, author: { name: 'Ann' }, links: [{ label: 'home' }] })
  expect(issues).toEqual([])
})

test('issues are kept beside the records and counted by path and rule', async () => {
  const counts = await stores.postgres.dataIssues.counts(Vessel)
  const total = Object.values(expected).reduce((sum, issues) => sum + issues.length, 0)
  expect(counts.reduce((sum, { count }) => sum + count, 0)).toBe(total)
  expect(counts.find(({ path, rule }) => path === 'draught' && rule === 'is not a number')?.count).toBe(3)
})

test('issues go when the value is mended', async () => {
  const [heron] = await stores.mongo.outbox.images(Vessel, ['650000000000000000000008'])
  const mended = { ...heron!, version: { epoch: 1, counter: 1 }, issues: heron!.issues.slice(0, 1) }
  const before = await stores.postgres.dataIssues.counts(Vessel)
  await stores.postgres.replica.bulkPut(Vessel, [mended], anyEpoch)
  const after = await stores.postgres.dataIssues.counts(Vessel)
  const sum = (counts: typeof after): number => counts.reduce((total, { count }) => total + count, 0)
  expect(sum(before) - sum(after)).toBe(3)
})
