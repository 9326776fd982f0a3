import { compositeId, defineEntity, int, objectId, text } from 'crossfade'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Entity } from '../../src/entity/entity.ts'
import type { Image } from '../../src/stores/store.ts'
import { anyEpoch } from '../support/any-epoch.ts'
import { openStores, type TestStores } from '../support/stores.ts'

const Parcel = defineEntity('Parcel', {
  mongo: 'parcels',
  postgres: 'parcels',
  id: objectId(),
  fields: { name: text() },
})
const Stock = defineEntity('Stock', {
  mongo: 'stocks',
  postgres: 'stocks',
  id: compositeId({ store: text(), number: int() }),
  fields: { name: text() },
})
const good = { Parcel: '5f00000000000000000000ab', Stock: '7331008000000000000005' }

let stores: TestStores
beforeAll(async () => {
  stores = await openStores([Parcel, Stock])
})
afterAll(() => stores.close())

test.each<Entity>([Parcel, Stock])(
  'a row of $name whose id no document can have keeps no other out of MongoDB',
  async (entity) => {
    const image = (id: string): Image => ({
      id,
      version: { epoch: 1, counter: 5 },
      pending: true,
      record: { id, name: 'a' },
      rest: null,
      issues: [],
    })
    const id = good[entity.name as keyof typeof good]
    const images = [image('zzz'), image(id), { ...image('yyy'), record: null }, image(id.toUpperCase())]
    expect(await stores.mongo.replica.bulkPut(entity, images.slice(0, 3), anyEpoch)).toEqual([
      { put: 'refused', reason: 'its id is none that MongoDB can have' },
      { put: 'applied' },
      { put: 'applied' },
    ])
    expect(await stores.mongo.replica.bulkPut(entity, images.slice(0, 1), anyEpoch)).toMatchObject([{ put: 'refused' }])
    expect(await stores.mongo.outbox.images(entity, [id])).toMatchObject([{ record: { id, name: 'a' } }])
  },
)
