import { setTimeout as sleep } from 'node:timers/promises'
import type { CommandStartedEvent } from 'mongodb'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { insertExported } from '../../src/demo/sample.ts'
import { defineEntity } from '../../src/entity/define-entity.ts'
import { int, objectId, text } from '../../src/entity/field.ts'
import { fieldSet } from '../../src/entity/field-set.ts'
import { isClean, isPlain, lookAt, startLooks } from '../../src/stores/mongo/clean-paths.ts'
import { connectMongo } from '../../src/stores/mongo/connection.ts'
import { openStores, type TestStores } from '../support/stores.ts'

const Plank = defineEntity('Plank', {
  mongo: 'planks',
  postgres: 'planks',
  id: objectId(),
  fields: { wood: text(), length: int(), age: int({ intPrefix: true }), width: int(), grade: int() },
})

const id = (n: number): string => n.toString(16).padStart(24, '0')

let stores: TestStores
beforeAll(async () => {
  stores = await openStores([Plank])
  await insertExported(stores.mongo.connection, 'planks', [
    { _id: { $oid: id(1) }, wood: 'oak', length: 3, age: 5, width: 2, grade: '1' },
    { _id: { $oid: id(2) }, wood: null, length: 2.5, age: 6, width: 1 },
    { _id: { $oid: id(3) }, length: 1, age: 7 },
  ])
})
afterAll(() => stores.close())

test('a field is clean where every stored value is null, missing or of its kind, and plain where none means something as another type', async () => {
  const { connection } = stores.mongo
  const paths = ['wood', 'length', 'age', 'width', 'grade']
  const leaf = (path: string) => Plank.leaves.get(path)!
  expect([isClean(connection, Plank, leaf('wood')), isPlain(connection, Plank, leaf('wood'))]).toEqual([false, false]) // nobody has looked yet
  for (const path of paths) await lookAt(connection, Plank, leaf(path))
  const answers = paths.map((path) => [
    path,
    isClean(connection, Plank, leaf(path)),
    isPlain(connection, Plank, leaf(path)),
  ])
  expect(answers).toEqual([
    ['wood', true, true],
    ['length', false, true], // 2.5 is no whole number
    ['age', false, true], // a converter stands between
    ['width', true, true],
    ['grade', false, false], // the text "1" is the number 1
  ])
})

test('the order is the same before and after it is known that a field is clean', async () => {
  const wanted = {
    where: { op: 'and', of: [] },
    order: [
      { path: 'width', direction: 'desc' },
      { path: 'id', direction: 'asc' },
    ],
    limit: 5,
    fields: fieldSet(Plank, []),
  } as const
  const ids = async () => (await stores.mongo.reader.query(Plank, wanted)).map(({ record }) => record.id)
  expect(await ids()).toEqual([id(1), id(2), id(3)])
  await sleep(300)
  expect(await ids()).toEqual([id(1), id(2), id(3)])
})

const seen: string[] = []
const onCommand = ({ commandName, command }: CommandStartedEvent): void => {
  if (commandName === 'find') seen.push(command['find'])
}
const watched = async (work: () => Promise<void>): Promise<string[]> => {
  const { connection } = stores.mongo
  const clients = [connection, connection.patient()].map(({ client }) => client)
  seen.length = 0
  for (const client of clients) client.on('commandStarted', onCommand)
  await work().finally(() => {
    for (const client of clients) client.off('commandStarted', onCommand)
  })
  return [...seen]
}
const wood = Plank.leaves.get('wood')!

test('what was found is kept for other gateways, and for the time after a restart', async () => {
  await lookAt(stores.mongo.connection, Plank, wood)
  const another = { ...stores.mongo.connection }
  expect(await watched(() => lookAt(another, Plank, wood))).not.toContain('planks')
  expect([isClean(another, Plank, wood), isPlain(another, Plank, wood)]).toEqual([true, true])
})

test('is not taken over where the mapping has changed since', async () => {
  const Strict = defineEntity('Plank', {
    mongo: 'planks',
    postgres: 'planks',
    id: objectId(),
    fields: { wood: text().strict() },
  })
  const leaf = Strict.leaves.get('wood')!
  expect(await watched(() => lookAt({ ...stores.mongo.connection }, Strict, leaf))).toContain('planks')
})

test('nor where the collection was dropped and made anew', async () => {
  const planks = stores.mongo.connection.collection(Plank)
  await lookAt({ ...stores.mongo.connection }, Plank, wood)
  const documents = await planks.find().toArray()
  await planks.drop()
  await planks.insertMany([...documents, { wood: 7 }] as never[])
  const later = { ...stores.mongo.connection }
  await lookAt(later, Plank, wood)
  expect(isClean(later, Plank, wood)).toBe(false)
  await planks.deleteOne({ wood: 7 } as never)
  await stores.mongo.ledger.remove('look', 'clean/Plank/wood')
})

test.each([
  ['a number', 7],
  ['an object', { a: 1 }],
  ['what is never written', undefined],
])(
  'the ends of an index tell that another program has stored %s in a text field',
  async (_title, value) => {
    const planks = stores.mongo.connection.collection(Plank)
    await planks.createIndex({ wood: 1 })
    const another = { ...stores.mongo.connection }
    await lookAt(another, Plank, wood)
    expect(isClean(another, Plank, wood)).toBe(true)
    if (value !== undefined) await planks.insertOne({ wood: value } as never)
    // Another gateway takes over what is known, and looks at the ends again in seconds
    const later = { ...stores.mongo.connection }
    await lookAt(later, Plank, wood)
    await expect.poll(() => isClean(later, Plank, wood), { timeout: 20_000 }).toBe(value === undefined)
    await planks.deleteMany({ wood: { $in: [7, { a: 1 }] } } as never)
    await stores.mongo.ledger.remove('look', 'clean/Plank/wood')
  },
  30_000,
)

test('a look that fails is told once, with what it means and what helps, and is not begun again by each query', async () => {
  const away = connectMongo({ uri: 'mongodb://127.0.0.1:1/nowhere' })
  const told: string[] = []
  let asked = 0
  const db = new Proxy(away.db, {
    get(real, name) {
      if (name === 'listCollections') asked++
      const member: unknown = Reflect.get(real, name)
      return typeof member === 'function' ? member.bind(real) : member
    },
  })
  const observed = { ...away, db }
  startLooks(observed, new Map([[Plank, [{ path: 'wood', direction: 'asc' }]]]), (_level, text) => told.push(text))
  await lookAt(observed, Plank, wood)
  const before = asked
  for (let query = 0; query < 100; query++) expect(isClean(observed, Plank, wood)).toBe(false)
  await sleep(100)
  expect(asked).toBe(before)
  await expect.poll(() => isClean(observed, Plank, wood) || asked > before, { timeout: 10_000 }).toBe(true)
  await lookAt(observed, Plank, wood)
  expect(told.filter((text) => text.includes('orders by it compute'))).toEqual([
    expect.stringMatching(
      /^Plank\.wood: MongoDB could not be asked .*ECONNREFUSED.*createIndex\(\{ "wood": 1, _id: 1 \}\)$/,
    ),
  ])
  await away.client.close()
}, 30_000)
