import { fieldSet } from '../../src/entity/field-set.ts'
import { type OrderKey, totalOrder } from '../../src/query/order.ts'
import type { Where } from '../../src/query/where.ts'
import type { Store } from '../../src/stores/store.ts'
import { copyAll, openStores, type TestStores } from '../support/stores.ts'
import { Vessel, type VesselName, vesselName } from './vessel.ts'
import { vesselDocuments } from './vessel-documents.ts'

/** The dirty fleet in both stores: raw documents in Mongo, and what backfill makes of them in Postgres. */
export async function openFleet(): Promise<TestStores> {
  const stores = await openStores([Vessel])
  await stores.mongo.connection.collection(Vessel).insertMany([...vesselDocuments])
  await copyAll(stores, Vessel)
  return stores
}

/** Names of the vessels that a query finds, in its order. */
export async function found(store: Store, where: Where, order: readonly OrderKey[] = []): Promise<VesselName[]> {
  const items = await store.reader.query(Vessel, {
    where,
    order: totalOrder(Vessel, order),
    limit: 100,
    fields: fieldSet(Vessel, []),
  })
  return items.map(({ record }) => vesselName(record.id))
}
