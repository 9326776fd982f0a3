import { defineEntity, int, list, text } from 'crossfade'
import { createMongoIndex } from '../../src/demo/sample.ts'
import { ensureConstraints } from '../../src/jobs/ensure-constraints.ts'
import { openStores, type TestStores } from './stores.ts'

/** Two types that change together: what a purse loses is a transfer. */
export const Purse = defineEntity('Purse', {
  mongo: 'purses',
  postgres: 'purses',
  id: text(),
  group: 'money',
  fields: { coins: int(), owner: text().unique() },
})

export const Transfer = defineEntity('Transfer', {
  mongo: 'transfers',
  postgres: 'transfers',
  id: text(),
  group: 'money',
  fields: { coins: int(), marks: list(text()).childTable('transfer_marks') },
})

/** Both stores, with the unique constraint in force in both. */
export async function openPurses(): Promise<TestStores> {
  const stores = await openStores([Purse, Transfer])
  await createMongoIndex(stores.mongo.connection, 'purses', { owner: 1 }, true)
  await ensureConstraints(stores, [Purse])
  return stores
}
