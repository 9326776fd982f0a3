import { sql } from 'kysely'
import { ObjectId } from 'mongodb'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { readFlag } from '../../src/control/flag-store.ts'
import { setStage } from '../../src/control/move.ts'
import { prepareFlags } from '../../src/control/prepare-flags.ts'
import { backfill } from '../../src/jobs/backfill.ts'
import type { VerifyOptions, VerifyProgress } from '../../src/jobs/verification.ts'
import { isClean, type Verified, verify } from '../../src/jobs/verify.ts'
import type { Stage } from '../../src/stage/stage.ts'
import type { SeenGroup } from '../../src/stores/findings.ts'
import { Account, account, directions, newId, openAccounts, sweepOnce } from '../support/account.ts'
import { nothingSeen } from '../support/nothing-seen.ts'
import { changeUnseen, emptyStores, type TestStores } from '../support/stores.ts'

let stores: TestStores
beforeAll(async () => {
  stores = await openAccounts()
})
afterAll(() => stores.close())

const ledgers = () => ({ mongo: stores.mongo.ledger, postgres: stores.postgres.ledger })
const accounts = () => stores.mongo.connection.db.collection<{ _id: string }>('accounts')
const none = { missing: 0, extra: 0, content: 0, version: 0 }
const lines: string[] = []
const options = (): VerifyOptions => ({
  stores,
  entity: Account,
  batch: 2,
  recheckMs: [10, 10, 10, 10],
  keepMs: 0,
  log: (line) => lines.push(line),
})
const look = (changed: Partial<VerifyOptions> = {}): Promise<Verified> => verify({ ...options(), ...changed })

/** Cut off once so many records were looked at. */
async function cutOff(records: number): Promise<void> {
  const stop = new AbortController()
  const onProgress = ({ compared }: VerifyProgress): void => {
    if (compared >= records) stop.abort()
  }
  await expect(look({ signal: stop.signal, onProgress })).rejects.toThrow()
}

/** How many records each run has looked at by itself. */
async function looked(changed: Partial<VerifyOptions> = {}): Promise<{ found: Verified; own: number }> {
  let own = 0
  const found = await look({
    ...changed,
    onProgress: ({ compared, before }) => {
      own = compared - before
    },
  })
  return { found, own }
}

describe.each(directions)('A verification that was cut off, authority $from', ({ from, to }) => {
  let ids: string[]

  const toStage = async (stage: Stage): Promise<void> => {
    await setStage({ ledgers: ledgers(), sweep: async () => 0, log: () => undefined }, { type: 'Account', stage })
  }

  /** Ten records that both stores have, of which one differs among the first, and one among the last. */
  beforeEach(async () => {
    lines.length = 0
    await emptyStores(stores)
    await prepareFlags(ledgers(), ['Account'])
    await toStage('dualwrite')
    await backfill({ stores, entity: Account })
    await toStage(from === 'mongo' ? 'shadow' : 'live')
    const { epoch } = (await readFlag(stores[from].ledger, 'Account'))!.flag
    ids = Array.from({ length: 10 }, newId).sort()
    for (const id of ids) await stores[from].authority.create(Account, account(id), { epoch, owed: true })
    await sweepOnce(stores, from)
    await spoil(ids[1]!)
    await spoil(ids[8]!)
  })

  const spoil = (id: string): Promise<unknown> =>
    to === 'postgres'
      ? changeUnseen(stores, sql`update accounts set visits = 7 where id = ${id}`)
      : accounts().updateOne({ _id: id }, { $set: { visits: 7 } })

  const mend = (id: string): Promise<unknown> =>
    to === 'postgres'
      ? changeUnseen(stores, sql`update accounts set visits = ${account(id)['visits'] ?? null} where id = ${id}`)
      : accounts().updateOne(
          { _id: id },
          account(id)['visits'] === undefined ? { $unset: { visits: 1 } } : { $set: { visits: account(id)['visits'] } },
        )

  test('goes on behind what was looked at, and tells all that differs', async () => {
    await cutOff(4)
    const began = new Date().toISOString()
    const { found, own } = await looked()
    expect(found).toMatchObject({ compared: 10, different: { ...none, content: 2 }, undecided: 0 })
    expect(found.examples.map(({ id }) => id).sort()).toEqual([ids[1], ids[8]])
    expect(own).toBeLessThanOrEqual(6)
    expect(found.began < began).toBe(true)
    expect(lines).toContain(`Account: it goes on behind ${10 - own} records that were compared since ${found.began}`)
  })

  test('what was repaired meanwhile differs no more', async () => {
    await cutOff(4)
    await mend(ids[1]!)
    expect(await look()).toMatchObject({ compared: 10, different: { ...none, content: 1 } })
    await mend(ids[8]!)
    const { found, own } = await looked()
    expect(own).toBe(10) // the one before has ended
    expect(isClean(found)).toBe(true)
  })

  test.runIf(from === 'mongo')('documents without a record count once, wherever their ids sort', async () => {
    // Numbers before all texts, ObjectIds behind them: one of each is in a batch with a record
    const odd = [1, new ObjectId(), new ObjectId(), new ObjectId()]
    await stores.mongo.connection.db
      .collection('accounts')
      .insertMany(odd.map((_id) => ({ _id, email: String(_id) }) as never))
    await cutOff(6)
    await cutOff(10)
    expect(await look()).toMatchObject({ compared: 10, quarantined: 4 })
  })

  test('begins anew where that is asked for, and where authority has moved and come back', async () => {
    await cutOff(4)
    expect((await looked({ isAnew: true })).own).toBe(10)
    await cutOff(4)
    for (const stage of from === 'mongo' ? (['live', 'shadow'] as const) : (['shadow', 'live'] as const))
      await toStage(stage)
    expect((await looked()).own).toBe(10)
  })

  test('begins anew behind twelve hours, and under other rules', async () => {
    await cutOff(4)
    const isOld =
      from === 'postgres'
        ? changeUnseen(
            stores,
            sql`update crossfade.ledger set at = at - interval '13 hours' where kind = 'verify-checkpoint'`,
          )
        : null
    if (isOld) {
      await isOld
      expect((await looked()).own).toBe(10)
      await cutOff(4)
    }
    const group: SeenGroup = {
      fingerprint: 'abc123abc123',
      type: 'Account',
      resolver: 'Query.account',
      kind: 'divergence',
      path: 'visits',
      count: 1,
      firstMs: 0,
      lastMs: 0,
      examples: [],
    }
    await stores.postgres.findings.add({ ...nothingSeen, groups: [group] })
    const until = new Date(Date.now() + 86_400_000)
    const rule = { verdict: 'noise', by: 'Ann', why: 'no matter', until, isHereOnly: false } as const
    expect(await stores.postgres.triage.judge('abc123', rule)).not.toBeNull()
    expect((await looked()).own).toBe(10)
  })
})
