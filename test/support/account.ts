import { defineEntity, embed, int, list, text } from 'crossfade'
import { sql } from 'kysely'
import { createMongoIndex } from '../../src/demo/sample.ts'
import type { Rec } from '../../src/entity/entity.ts'
import { newRecord } from '../../src/entity/new-record.ts'
import { ensureConstraints } from '../../src/jobs/ensure-constraints.ts'
import { sweep } from '../../src/mirror/sweep.ts'
import { postgresIndexes } from '../../src/stores/postgres/indexes.ts'
import type { Image } from '../../src/stores/store.ts'
import { type Origin, otherOrigin } from '../../src/util/origin.ts'
import { anyEpoch } from './any-epoch.ts'
import { openStores, type TestStores } from './stores.ts'

/** A small type for tests of writes: a unique value, a list in a child table, an embedded object. */
export const Account = defineEntity('Account', {
  mongo: 'accounts',
  postgres: 'accounts',
  id: text(),
  fields: {
    email: text().unique(),
    visits: int(),
    tags: list(text()).childTable('account_tags'),
    address: embed({ city: text() }),
  },
})

let made = 0

/** An id that no other test of the file uses. */
export const newId = (): string => `account-${String(++made).padStart(4, '0')}`

export const account = (id: string, values: Readonly<Record<string, unknown>> = {}): Rec =>
  newRecord(Account, id, { email: `${id}@example.org`, ...values })

/** An account at a version of epoch 1, owed, as a store would give it. */
export const accountImage = (id: string, counter: number): Image => ({
  id,
  version: { epoch: 1, counter },
  pending: true,
  record: account(id),
  rest: null,
  issues: [],
})

/** Both stores, with the unique constraint in force in both. */
export async function openAccounts(): Promise<TestStores> {
  const stores = await openStores([Account])
  await makeUnique(stores)
  return stores
}

export async function makeUnique(stores: TestStores): Promise<void> {
  await createMongoIndex(stores.mongo.connection, 'accounts', { email: 1 }, true)
  await ensureConstraints(stores, [Account])
}

/** Takes the unique index on the address away from one store. */
export async function loseUnique({ mongo, postgres }: TestStores, origin: Origin): Promise<void> {
  if (origin === 'mongo') await mongo.connection.db.collection('accounts').dropIndex('email_1')
  else
    for (const { name, unique, deferrable } of await postgresIndexes(postgres.connection, 'accounts')) {
      if (!unique || !name.includes('email')) continue
      const drop = deferrable === null ? sql`drop index` : sql`alter table accounts drop constraint`
      await postgres.connection.run(sql`${drop} ${sql.id(name)}`)
    }
}

export const directions = [
  { from: 'mongo', to: 'postgres' },
  { from: 'postgres', to: 'mongo' },
] as const satisfies readonly { from: Origin; to: Origin }[]

/** Writes of the present epoch that owe the mirror. */
export const owed = { epoch: 1, owed: true } as const

/** One round of the sweep; returns how many records are still owed. */
export function sweepOnce(
  stores: TestStores,
  from: Origin,
  owner = 'test',
  epoch?: number,
  under = anyEpoch,
): Promise<number> {
  return sweep(
    { stores, owner, under, epoch, olderThanMs: 0, impatient: true, arrivingMs: 0, log: () => undefined },
    Account,
    from,
  )
}

type Seen = Pick<Image, 'version' | 'record'>

/** Version and content of a record in both stores; null where it is gone, undefined where it never was. */
export async function both(
  stores: TestStores,
  from: Origin,
  id: string,
): Promise<{ authority: Seen | undefined; mirror: Seen | undefined }> {
  const look = async (origin: Origin): Promise<Seen | undefined> => {
    const [image] = await stores[origin].outbox.images(Account, [id])
    if (!image) return undefined
    const { epoch, counter } = image.version // how MongoDB has made it up is no difference
    return { version: { epoch, counter }, record: image.record }
  }
  return { authority: await look(from), mirror: await look(otherOrigin(from)) }
}
