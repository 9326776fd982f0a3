import { sql } from 'kysely'
import { MongoServerError } from 'mongodb'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type StageChange, setStage } from '../../src/control/move.ts'
import { prepareFlags } from '../../src/control/prepare-flags.ts'
import { backfill } from '../../src/jobs/backfill.ts'
import { moveOptions } from '../../src/jobs/move-options.ts'
import { untriggered } from '../../src/jobs/unseen-writers.ts'
import type { Stores } from '../../src/routing/routing.ts'
import { Account, openAccounts } from '../support/account.ts'
import type { TestStores } from '../support/stores.ts'

let stores: TestStores
beforeEach(async () => {
  stores = await openAccounts()
  await prepareFlags({ mongo: stores.mongo.ledger, postgres: stores.postgres.ledger }, ['Account'])
})
afterEach(() => stores?.close())

const promised = { noOtherWriters: true }
function to(stage: StageChange['stage'], word: Partial<StageChange> = {}, on: Stores = stores) {
  const options = moveOptions({ entities: [Account], stores: on, log: () => undefined })
  return setStage(options, { type: 'Account', stage, ...word })
}

/** As a server answers that is no replica set. */
function alone(): Stores {
  const noStream = () => Promise.reject(new MongoServerError({ code: 40573, message: 'only on replica sets' }))
  const follow = () => ({ next: noStream, close: async () => undefined })
  return { ...stores, mongo: { ...stores.mongo, foreignChanges: { ...stores.mongo.foreignChanges, follow } } }
}

const unseenInMongo = (stage: string) =>
  `Account cannot be ${stage} yet: nothing sees what else writes to MongoDB (scripts, other services, instances of the ` +
  'app that do not run Crossfade yet, TTL indexes), since it is no replica set, which alone tells what is changed, and ' +
  'PostgreSQL would lack it. ' +
  'Where there are none, or none any more, say so: --no-other-writers.'
const unseenInPostgres = (stage: string) =>
  `Account cannot be ${stage} yet: triggers are missing on accounts, so that nothing sees what else writes to PostgreSQL ` +
  '(scripts, other services, instances of the app that do not run Crossfade yet), and MongoDB would lack it: ' +
  '`crossfade migrate new NAME` writes the migration that makes them. ' +
  'Where there are none, or none any more, say so: --no-other-writers.'
const refused = (message: string) => ({ code: 'BAD_USER_INPUT', message })

test.each(['dualwrite', 'shadow'] as const)(
  'a mirror of a MongoDB that tells no changes begins with %s on somebody’s word alone',
  async (stage) => {
    await expect(to(stage, {}, alone())).rejects.toMatchObject(refused(unseenInMongo(stage)))
    await expect(to(stage, { force: true, why: 'now' }, alone())).rejects.toMatchObject(refused(unseenInMongo(stage)))
    expect(await to(undefined, { samplePercent: 5 })).toMatchObject({ stage: 'off', samplePercent: 5 })
    expect(await to(stage, promised)).toMatchObject({ stage })
    const [entry] = await stores.mongo.ledger.tail('stage', 1)
    expect(entry!.value).toMatchObject({ from: 'off', to: stage, noOtherWriters: true })
  },
)

test('what others change from then on is followed without a word, though no gateway is there yet', async () => {
  expect(await to('dualwrite')).toMatchObject({ stage: 'dualwrite' })
  await backfill({ stores, entity: Account })
  await stores.mongo.connection.db.collection<{ _id: string }>('accounts').insertOne({ _id: 'by-hand' })
  expect(await to('live')).toMatchObject({ stage: 'live' })
  expect((await stores.postgres.outbox.images(Account, ['by-hand']))[0]).toMatchObject({ record: { id: 'by-hand' } })
})

test('the word is asked for once, and for PostgreSQL, whose triggers see them, never', async () => {
  await to('dualwrite', promised)
  await backfill({ stores, entity: Account })
  for (const stage of ['shadow', 'live', 'shadow', 'live', 'rampdown', 'complete', 'rampdown'] as const)
    expect(await to(stage)).toMatchObject({ stage })
  expect(await untriggered(stores, [Account])).toEqual([])
})

test.each([
  ['are missing', 'drop trigger crossfade_note on accounts'],
  ['do not fire', 'alter table accounts disable trigger crossfade_stamp'],
])('PostgreSQL gets authority, and a mirror of its own, on the same word where triggers %s', async (_, statement) => {
  await to('dualwrite', promised)
  await backfill({ stores, entity: Account })
  await to('shadow')
  await stores.postgres.connection.run(sql.raw(statement))
  await expect(to('live')).rejects.toMatchObject(refused(unseenInPostgres('live')))
  await to('live', promised)
  await to('rampdown')
  await to('complete')
  await expect(to('rampdown')).rejects.toMatchObject(refused(unseenInPostgres('rampdown')))
  expect(await untriggered(stores, [Account])).toEqual([
    expect.stringMatching(/^Account: triggers are missing on accounts, .* writes the migration that makes them\.$/),
  ])
})
