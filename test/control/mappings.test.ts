import { afterAll, beforeAll, expect, test } from 'vitest'
import { withdraw } from '../../src/control/instances.ts'
import { setStage } from '../../src/control/move.ts'
import { prepareFlags } from '../../src/control/prepare-flags.ts'
import { backfill } from '../../src/jobs/backfill.ts'
import { moveOptions } from '../../src/jobs/move-options.ts'
import type { Stage } from '../../src/stage/stage.ts'
import { Account, openAccounts } from '../support/account.ts'
import type { TestStores } from '../support/stores.ts'

let stores: TestStores
beforeAll(async () => {
  stores = await openAccounts()
  await prepareFlags({ mongo: stores.mongo.ledger, postgres: stores.postgres.ledger }, ['Account'])
})
afterAll(() => stores.close())

const to = (stage: Stage) =>
  setStage(moveOptions({ entities: [Account], stores, log: () => undefined }), { type: 'Account', stage })

test.each([
  ['another mapping of the type', { acknowledged: { Account: 99 }, owed: {}, mappings: { Account: 'older' } }],
  ['a version that tells none', { acknowledged: { Account: 99 }, owed: {} }],
])('authority stays where it is while a gateway has %s, as in a rolling deploy', async (_, sign) => {
  if ((await to('shadow')).fresh === null) await backfill({ stores, entity: Account })
  for (const ledger of [stores.mongo.ledger, stores.postgres.ledger])
    await ledger.compareAndSet('instance', 'old-pod', null, sign)
  await expect(to('live')).rejects.toMatchObject({
    code: 'BAD_USER_INPUT',
    message:
      'Account cannot go to live yet:\n  - gateways have another mapping of Account than this command: old-pod; let the ' +
      'deploy of the app end first',
  })
  // It has stopped
  for (const ledger of [stores.mongo.ledger, stores.postgres.ledger]) await withdraw(ledger, 'old-pod')
  expect(await to('live')).toMatchObject({ stage: 'live', state: 'steady' })
})
