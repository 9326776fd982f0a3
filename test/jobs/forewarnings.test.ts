import { compositeId, defineEntity, embed, float, int, list, text, timestamp } from 'crossfade'
import type { Document } from 'mongodb'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Entity } from '../../src/entity/entity.ts'
import { newRecord } from '../../src/entity/new-record.ts'
import { forewarnings } from '../../src/jobs/forewarnings.ts'
import { openStores, type TestStores } from '../support/stores.ts'

const Review = defineEntity('Review', {
  mongo: 'reviews',
  postgres: 'reviews',
  id: int(),
  fields: {
    stars: int().required(),
    weight: float().required(),
    at: timestamp().required().at('meta.at'),
    tags: list(text()).required(),
  },
})

let stores: TestStores
beforeAll(async () => {
  stores = await openStores([Review])
})
afterAll(() => stores.close())

const properties = {
  _id: {},
  stars: { bsonType: 'int', minimum: 1, maximum: 5 },
  weight: { bsonType: 'double' },
  meta: { bsonType: 'object' },
  tags: { bsonType: 'array' },
}

async function told(validator: Document, options: Document = {}): Promise<string[]> {
  await stores.mongo.connection.db.command({
    collMod: 'reviews',
    validator,
    validationLevel: 'strict',
    validationAction: 'error',
    ...options,
  })
  return forewarnings(stores.mongo, [Review])
}

const create = (id: number) => {
  const record = newRecord(Review, id, { stars: 5, weight: 1, at: new Date(0), tags: [] })
  return stores.mongo.authority.create(Review, record, { epoch: 1, owed: true })
}

const addOurs =
  'Review: the validator of reviews refuses every write of a gateway, which keeps its bookkeeping in _cf: add "_cf": { "bsonType": "object" } to the properties of its $jsonSchema.'

describe('a validator', () => {
  test('that allows no other properties is told with the one to add, and then takes what a gateway writes', async () => {
    expect(await told({ $jsonSchema: { additionalProperties: false, properties } })).toEqual([addOurs])
    await expect(create(1)).rejects.toMatchObject({ code: 'BAD_USER_INPUT' })
    const ours = { ...properties, _cf: { bsonType: 'object' } }
    expect(await told({ $jsonSchema: { additionalProperties: false, properties: ours } })).toEqual([])
    expect((await create(1)).record).toMatchObject({ stars: 5 })
  })

  test.each([
    ['inside of $and', { $and: [{ stars: { $gt: 0 } }, { $jsonSchema: { additionalProperties: false, properties } }] }],
    ['inside of allOf', { $jsonSchema: { allOf: [{ additionalProperties: false, properties }] } }],
    ['as text', { $jsonSchema: { properties: { ...properties, _cf: { bsonType: 'string' } } } }],
    ['as others are', { $jsonSchema: { properties, additionalProperties: { bsonType: 'int' } } }],
  ])('that has no room for our property %s is told', async (_, validator) => {
    expect(await told(validator)).toEqual([addOurs])
  })

  test('that restricts the members of our property is told', async () => {
    const _cf = { bsonType: 'object', additionalProperties: false, properties: {} }
    expect(await told({ $jsonSchema: { properties: { ...properties, _cf } } })).toEqual([
      'Review: the validator of reviews restricts the members of _cf, which are Crossfade\'s own: make it "_cf": { "bsonType": "object" }.',
    ])
  })

  test('that counts properties, or looks at whole documents, is told', async () => {
    expect(await told({ $jsonSchema: { maxProperties: 5 } })).toEqual([
      'Review: the validator of reviews counts properties, _cf among them: raise maxProperties by one.',
    ])
    const size = { $expr: { $lt: [{ $size: { $objectToArray: '$$ROOT' } }, 6] } }
    expect(await told(size)).toEqual([
      'Review: the validator of reviews looks at whole documents ($$ROOT): see that it takes the property _cf.',
    ])
  })

  test('that cannot hold what a field is written as, or does not name it, is told', async () => {
    const meta = { bsonType: 'object', additionalProperties: false, properties: { by: {} } }
    const weight = { bsonType: ['int', 'long'] }
    expect(
      await told({ $jsonSchema: { properties: { ...properties, meta, weight, tags: { bsonType: 'string' } } } }),
    ).toEqual([
      'Review: the validator of reviews does not allow what the mapping names: add meta.at.',
      'Review: the validator of reviews does not allow what the mapping writes: weight is written as double and may be int or long alone.',
      'Review: the validator of reviews does not allow what the mapping writes: tags is written as array and may be string alone.',
    ])
  })

  test('is held against the form in which a timestamp is written', async () => {
    const Visit = defineEntity('Visit', {
      mongo: 'reviews',
      postgres: 'visits',
      id: int(),
      fields: { from: timestamp({ forms: ['text', 'date'] }), to: timestamp({ forms: ['milliseconds'] }) },
    })
    await told({ $jsonSchema: { properties: { from: { bsonType: 'date' }, to: { bsonType: ['date', 'null'] } } } })
    expect(await forewarnings(stores.mongo, [Visit])).toEqual([
      'Visit: the validator of reviews does not allow what the mapping writes: from is written as string and may be date alone.',
      'Visit: the validator of reviews does not allow what the mapping writes: to is written as long and may be date or null alone.',
      expect.stringContaining('takes no null'),
    ])
  })

  test.each([
    ['that asks for values alone', { stars: { $gte: 1 }, 'meta.at': { $exists: true } }, {}],
    [
      'that names our property by a pattern',
      { $jsonSchema: { additionalProperties: false, properties, patternProperties: { '^_c': {} } } },
      {},
    ],
    ['that only warns', { $jsonSchema: { additionalProperties: false } }, { validationAction: 'warn' }],
    ['that is off', { $jsonSchema: { additionalProperties: false } }, { validationLevel: 'off' }],
    ['of numbers', { $jsonSchema: { properties: { weight: { bsonType: 'number' }, stars: { type: 'number' } } } }, {}],
  ])('%s is not told', async (_, validator, options) => {
    expect(await told(validator, options)).toEqual([])
  })

  test('that takes no null is told for fields that may become null', async () => {
    const Note = defineEntity('Note', {
      mongo: 'reviews',
      postgres: 'notes',
      id: int(),
      fields: { stars: int(), weight: float() },
    })
    await told({ $jsonSchema: { properties } })
    expect(await forewarnings(stores.mongo, [Note])).toEqual([
      'Note: the validator of reviews takes no null, which a mutation may write: add "null" to the bsonType of stars, weight.',
    ])
  })

  test('that takes no null in an id is not told, since no part of an id becomes null', async () => {
    const Note = defineEntity('Note', {
      mongo: 'reviews',
      postgres: 'notes',
      id: compositeId({ at: timestamp(), by: text() }),
      fields: { by: text().at('_id.by') },
    })
    const parts = { at: { bsonType: 'date' }, by: { bsonType: 'string' } }
    await told({ $jsonSchema: { properties: { _id: { bsonType: 'object', properties: parts } } } })
    expect(await forewarnings(stores.mongo, [Note])).toEqual([])
  })
})

describe('a promise of unique()', () => {
  const of = (fields: Parameters<typeof defineEntity>[1]['fields']): Entity =>
    defineEntity('Guest', { mongo: 'guest-list', postgres: 'guests', id: int(), fields })
  const lines = (entity: Entity) => forewarnings(stores.mongo, [entity])
  const guests = () => stores.mongo.connection.db.collection('guest-list')

  test('that MongoDB does not keep is told with the statement that makes the index there', async () => {
    const User = defineEntity('User', {
      mongo: 'users',
      postgres: 'users',
      id: int(),
      fields: { phone: text().unique() },
    })
    expect(await lines(User)).toEqual([
      `User.phone is unique in the mapping, but MongoDB has no such index and takes duplicates. Run db.users.createIndex({ phone: 1 }, { unique: true }) in mongosh (where several lack a value, say unique({ nulls: 'many' }) first), or drop unique() from the mapping.`,
    ])
    const inner = of({ home: embed({ line: text().unique({ nulls: 'many' }) }) })
    await guests().createIndex({ 'home.line': 1, other: 1 }, { unique: true })
    expect(await lines(inner)).toEqual([
      'Guest.home.line is unique in the mapping, but MongoDB has no such index and takes duplicates. Run db.getCollection("guest-list").createIndex({ "home.line": 1 }, { unique: true, sparse: true }) in mongosh, or drop unique() from the mapping.',
    ])
  })

  test('that MongoDB keeps is not told, but where it counts null otherwise', async () => {
    await guests().createIndex({ plain: 1 }, { unique: true })
    await guests().createIndex({ sparse: 1 }, { unique: true, sparse: true })
    expect(await lines(of({ plain: text().unique(), sparse: text().unique() }))).toEqual([])
    expect(
      await lines(of({ plain: text().unique({ nulls: 'one' }), sparse: text().unique({ nulls: 'many' }) })),
    ).toEqual([])
    expect(
      await lines(of({ plain: text().unique({ nulls: 'many' }), sparse: text().unique({ nulls: 'one' }) })),
    ).toEqual([
      "Guest.plain: MongoDB's index plain_1 lets one record lack a value, the mapping many. Make the index sparse, or say unique({ nulls: 'one' }).",
      "Guest.sparse: MongoDB's index sparse_1 lets many records lack a value, the mapping one. Make it a plain one, or say unique({ nulls: 'many' }).",
    ])
  })

  test('that MongoDB makes and the mapping does not is told', async () => {
    await guests().createIndex({ code: 1 }, { unique: true })
    expect(await lines(of({ code: text() }))).toEqual([
      "Guest.code is unique by MongoDB's index code_1: say unique() in the mapping, so that null is unset and records can exchange their values.",
    ])
  })
})

test.each([
  [
    'collated',
    { collation: { locale: 'en', strength: 2 } },
    'has the collation en, strength 2: MongoDB finds and orders its texts by it, PostgreSQL by code points, so that answers differ.',
  ],
  [
    'capped',
    { capped: true, size: 4096 },
    'is capped: MongoDB drops its oldest documents by itself, and rows stay until a backfill removes them.',
  ],
  [
    'seen',
    { viewOn: 'reviews', pipeline: [] },
    'is a view, which takes no changes of single documents: map its source.',
  ],
])('what a collection does otherwise by itself is told: %s', async (mongo, options, expected) => {
  const { db } = stores.mongo.connection
  await db.createCollection(mongo, options)
  const entity = defineEntity('Odd', { mongo, postgres: 'odd', id: int(), fields: { name: text() } })
  expect(await forewarnings(stores.mongo, [entity])).toEqual([`Odd: the collection ${mongo} ${expected}`])
})
