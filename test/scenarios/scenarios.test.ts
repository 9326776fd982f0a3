import { readdirSync } from 'node:fs'
import { BSON, type Document, ObjectId } from 'mongodb'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Id } from '../../src/entity/entity.ts'
import { allFields } from '../../src/entity/field-set.ts'
import { totalOrder } from '../../src/query/order.ts'
import { everything } from '../../src/query/where.ts'
import { anyEpoch } from '../support/any-epoch.ts'
import { copyAll, openStores, type TestStores } from '../support/stores.ts'
import type { Scenario } from './scenario.ts'

const here = new URL('.', import.meta.url)
const names = readdirSync(here, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []))
const scenarios = await Promise.all(
  names.map(async (name) => {
    const { default: given } = (await import(new URL(`${name}/scenario.ts`, here).href)) as { default: Scenario }
    return [name, given] as const
  }),
)

const origins = ['mongo', 'postgres'] as const

/**
 * A document to the last digit: keys in any order, numbers by value whatever their type, and a null as if it were
 * missing, since null and missing are one.
 */
function exact({ _cf, ...document }: Document): unknown {
  return JSON.parse(BSON.EJSON.stringify(document, { relaxed: false }), (_key, value: unknown) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
    const members = value as Record<string, unknown>
    if ('$numberDouble' in members) return { number: String(Number(members['$numberDouble'])) }
    if ('$numberInt' in members || '$numberLong' in members)
      return { number: members['$numberInt'] ?? members['$numberLong'] }
    return Object.fromEntries(Object.entries(members).filter(([, member]) => member !== null))
  })
}

const byId = (documents: readonly Document[]): unknown =>
  new Map(documents.map((document) => [BSON.EJSON.stringify(document['_id']), exact(document)]))

describe.each(scenarios)('%s', (_name, given) => {
  const { entity, documents, records, issues = [], normalised = [], quarantined = [], finds = [] } = given
  let stores: TestStores
  beforeAll(async () => {
    stores = await openStores([entity])
    await stores.mongo.connection.collection(entity).insertMany([...documents] as Document[])
    await copyAll(stores, entity)
  })
  afterAll(() => stores.close())

  const ids = records.map(({ id }) => id as Id)

  test.each(origins)('%s reads the records', async (origin) => {
    const query = { where: everything, order: totalOrder(entity, []), limit: 100, fields: allFields(entity) }
    const items = await stores[origin].reader.query(entity, query)
    expect(items.map(({ record }) => record)).toEqual(records)
  })

  test('what no record holds is reported', async () => {
    const scanned = await stores.mongo.reader.scan(entity, { after: null, limit: 100 })
    expect(scanned.images.flatMap((image) => image.issues.map(({ path, rule }) => [image.id, path, rule]))).toEqual(
      issues,
    )
    expect(scanned.quarantined.map(({ id }) => id).sort()).toEqual([...quarantined].sort())
  })

  test('a way to Postgres and back into an empty collection loses nothing else', async () => {
    const { mongo, postgres } = stores
    const collection = mongo.connection.collection(entity)
    const whole = documents.filter((document) => {
      const id = idOf(document)
      if (quarantined.includes(BSON.EJSON.stringify(document['_id'], { relaxed: false }))) return false
      return ids.includes(id) && !issues.some(([dirty]) => dirty === id)
    })
    const where = { _id: { $in: whole.map(({ _id }) => _id) } }
    const images = await postgres.outbox.images(entity, whole.map(idOf))
    await collection.deleteMany(where)
    expect(new Set((await mongo.replica.bulkPut(entity, images, anyEpoch)).map(({ put }) => put))).toEqual(
      new Set(['applied']),
    )
    const back = whole.map((document) => normalised.find(({ _id }) => _id === document['_id']) ?? document)
    expect(byId(await collection.find(where, { promoteValues: false }).toArray())).toEqual(byId(back))
  })

  for (const [index, { where, order = [], ids: expected }] of finds.entries()) {
    test.each(origins)(`question ${index + 1}, asked of %s`, async (origin) => {
      const query = { where, order: totalOrder(entity, order), limit: 100, fields: allFields(entity) }
      expect((await stores[origin].reader.query(entity, query)).map(({ record }) => record.id)).toEqual(expected)
    })
  }
})

const idOf = ({ _id }: Document): Id => (_id instanceof ObjectId ? _id.toHexString() : (_id as Id))
