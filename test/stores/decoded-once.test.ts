import { defineEntity, int, text } from 'crossfade'
import type { CommandSucceededEvent } from 'mongodb'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { fieldSet } from '../../src/entity/field-set.ts'
import { totalOrder } from '../../src/query/order.ts'
import { everything } from '../../src/query/where.ts'
import { mongoStore } from '../../src/stores/mongo/mongo-store.ts'
import { openStores, type TestStores } from '../support/stores.ts'

const Note = defineEntity('Note', { mongo: 'notes', postgres: 'notes', id: int(), fields: { title: text() } })
const fields = fieldSet(Note, ['title'])
const order = totalOrder(Note, [])

let stores: TestStores
beforeAll(async () => {
  stores = await openStores([Note])
  await stores.mongo.connection.collection(Note).insertMany([{ _id: 1, title: 'a' }] as never)
})
afterAll(() => stores?.close())

const reads: Readonly<Record<string, () => Promise<unknown>>> = {
  'by id': () => stores.mongo.reader.byIds(Note, [1], fields),
  'a page': () => stores.mongo.reader.query(Note, { where: everything, order, limit: 5, fields }),
  'by parents': () =>
    stores.mongo.reader.queryPer(Note, {
      path: 'title',
      values: ['a', 'b'],
      where: everything,
      order,
      limit: 5,
      fields,
    }),
  'a scan': () => stores.mongo.reader.scan(Note, { after: 0, limit: 5 }),
  'a stream': () => stores.mongo.reader.stream(Note, { after: null, limit: 5 }).next(),
}

test.each(Object.keys(reads))(
  'the driver hands out %s as bytes, and so decodes no document for its events',
  async (name) => {
    const heard: unknown[] = []
    const hear = ({ reply }: CommandSucceededEvent): void => {
      const { cursor } = reply as { cursor?: Uint8Array | { firstBatch: unknown[] } }
      heard.push(...(cursor instanceof Uint8Array ? [cursor] : (cursor?.firstBatch ?? []))) // of an aggregate it is all in one
    }
    const read = reads[name]!
    await read()
    await stores.mongo.settled() // what it looks at beside, once
    const { client } = stores.mongo.connection
    client.on('commandSucceeded', hear)
    await read()
    client.off('commandSucceeded', hear)
    expect(heard.map((document) => document instanceof Uint8Array)).toEqual([true])
  },
)

test('commands are monitored where somebody is to know what was sent, and nowhere else', async () => {
  const store = mongoStore({ uri: 'mongodb://127.0.0.1:1/shop' })
  const { connection, candidate, control, writes, puts } = store
  const monitored = [connection, candidate.connection, control.connection, writes, puts].map(
    ({ client }) => client.options.monitorCommands,
  )
  expect(monitored).toEqual([false, false, false, true, false])
  await store.close()
})
