import { sql } from 'kysely'
import { MongoNetworkError, ObjectId } from 'mongodb'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { setStage } from '../../src/control/move.ts'
import { prepareFlags } from '../../src/control/prepare-flags.ts'
import { backfill } from '../../src/jobs/backfill.ts'
import { Patience } from '../../src/jobs/patience.ts'
import { examine } from '../../src/jobs/repair.ts'
import type { VerifyOptions, VerifyProgress } from '../../src/jobs/verification.ts'
import { type Verified, verify } from '../../src/jobs/verify.ts'
import { ConnectionFailure } from '../../src/stores/postgres/connection-failure.ts'
import type { Outbox, Reader, ScanRange } from '../../src/stores/store.ts'
import { type Origin, origins } from '../../src/util/origin.ts'
import { Account, account, newId, openAccounts } from '../support/account.ts'
import { changeUnseen, emptyStores, type TestStores } from '../support/stores.ts'

let stores: TestStores
let ids: string[]
const ledgers = () => ({ mongo: stores.mongo.ledger, postgres: stores.postgres.ledger })

/** Twenty accounts in both stores, of which one differs, and two documents without a record: before all ids, and behind. */
beforeAll(async () => {
  stores = await openAccounts()
  await emptyStores(stores)
  await prepareFlags(ledgers(), ['Account'])
  const move = { ledgers: ledgers(), sweep: async () => 0, log: () => undefined }
  await setStage(move, { type: 'Account', stage: 'dualwrite' })
  ids = Array.from({ length: 20 }, newId).toSorted()
  for (const id of ids)
    await stores.mongo.authority.create(Account, account(id, { tags: ['a'] }), { epoch: 1, owed: false })
  const documents = stores.mongo.connection.db.collection<{ _id: unknown; email: string }>('accounts')
  await documents.insertMany([
    { _id: 5, email: 'five' },
    { _id: new ObjectId(), email: 'an ObjectId' },
  ])
  await backfill({ stores, entity: Account })
  await changeUnseen(stores, sql`update accounts set visits = 7 where id in (${ids[3]}, ${ids[17]}, ${ids[18]})`)
})
afterAll(() => stores.close())

const faults: Readonly<Record<Origin, () => Error>> = {
  mongo: () => new MongoNetworkError('connection timed out'),
  postgres: () => new ConnectionFailure('unreachable', 'PostgreSQL did not answer within 11000 ms'),
}

let lines: string[]
let progress: VerifyProgress[]
beforeEach(() => {
  lines = []
  progress = []
})

const look = (of: VerifyOptions['stores'], more: Partial<VerifyOptions> = {}): Promise<Verified> =>
  verify({
    stores: of,
    entity: Account,
    batch: 8,
    recheckMs: [1, 1],
    retryMs: 1,
    log: (line) => lines.push(line),
    onProgress: (told) => progress.push(told),
    ...more,
  })

/** What there is to be found, however often it was tried. */
function isWhole(found: Verified): void {
  expect(found).toMatchObject({ compared: 20, quarantined: 2, undecided: 0 })
  expect(found.different).toEqual({ missing: 0, extra: 0, content: 3, version: 0 })
  expect(found.examples.map(({ id }) => id).toSorted()).toEqual([ids[3], ids[17], ids[18]])
}

/**
 * The stores with a stream of one that breaks.
 *
 * @param breaksAt whether it does behind so many lots of the stream that is the n-th.
 */
function breaking(origin: Origin, breaksAt: (stream: number, lots: number) => boolean, fault = faults[origin]) {
  const asked: ScanRange[] = []
  const last: unknown[] = []
  const { reader } = stores[origin]
  const stream: Reader['stream'] = async function* (entity, range) {
    const n = asked.push(range)
    let lots = 0
    if (breaksAt(n, lots)) throw fault()
    for await (const lot of reader.stream(entity, range)) {
      last[n - 1] = lot.images.at(-1)?.id ?? last[n - 1] ?? range.after
      yield lot
      if (breaksAt(n, ++lots)) throw fault()
    }
  }
  return { asked, last, stores: { ...stores, [origin]: { ...stores[origin], reader: { ...reader, stream } } } }
}

describe.each(origins)('Verify while reads of %s fail', (origin) => {
  test.each([1, 2, 3])('goes on behind the record that came last, for half as many: behind lot %i', async (lots) => {
    const broken = breaking(origin, (n, at) => (n === 1 ? at === lots : n === 2 && at === 0))
    isWhole(await look(broken.stores))
    const from = broken.last[0]
    expect(broken.asked.slice(0, 3)).toMatchObject([
      { after: null, limit: 8 },
      { after: from, limit: 4 },
      { after: from, limit: 2 },
    ])
    const why = faults[origin]().message
    expect(lines).toEqual([`Account: ${why}; try 2 of 6 in 0.001 s`, `Account: ${why}; try 3 of 6 in 0.002 s`])
  })

  test('counts a document without a record once, though no record came since', async () => {
    const broken = breaking(origin, (n, at) => n <= 2 && at === 1)
    isWhole(await look(broken.stores, { batch: 1 }))
  })

  test('asks for as many as before, once the store answers', async () => {
    const broken = breaking(origin, (n, at) => n <= 2 && at === 0)
    isWhole(await look(broken.stores))
    expect(broken.asked.map(({ limit }) => limit)).toEqual([8, 4, 2, 4, 8])
    expect(progress.at(-1)).toMatchObject({ compared: 20, retried: 2 })
  })

  test('ends with the fault of a store that does not answer for good', async () => {
    const broken = breaking(origin, () => true)
    await expect(look(broken.stores)).rejects.toThrow(faults[origin]().message)
    expect(broken.asked).toHaveLength(6)
  })

  test('tries nothing again that is no trouble of a store', async () => {
    const broken = breaking(
      origin,
      (_, at) => at === 1,
      () => new TypeError('a mistake of ours'),
    )
    await expect(look(broken.stores)).rejects.toThrow('a mistake of ours')
    expect(broken.asked).toHaveLength(1)
    expect(lines).toEqual([])
  })

  test('is stopped while it waits for the store', async () => {
    const stop = new AbortController()
    const broken = breaking(origin, () => true)
    const log = (): void => stop.abort(new Error('Ctrl-C'))
    await expect(look(broken.stores, { retryMs: 3_600_000, log, signal: stop.signal })).rejects.toThrow('Ctrl-C')
  })
})

test('a wait for a store ends where its job is stopped', async () => {
  const stop = new AbortController()
  const waiting = new Patience({ stores, name: 'Account', retryMs: 3_600_000, signal: stop.signal }).wait(
    faults.mongo(),
  )
  stop.abort()
  await expect(waiting).rejects.toThrow('aborted')
})

/** The stores with one that does not answer where it is asked for more than one image, so often. */
function slow(origin: Origin, times: number) {
  const asked: number[] = []
  const { outbox } = stores[origin]
  const images: Outbox['images'] = async (entity, wanted) => {
    asked.push(wanted.length)
    if (wanted.length > 1 && times-- > 0) throw faults[origin]()
    return outbox.images(entity, wanted)
  }
  return { asked, stores: { ...stores, [origin]: { ...stores[origin], outbox: { ...outbox, images } } } }
}

describe.each(origins)('Records that are looked at again while %s is slow', (origin) => {
  test('are asked for in smaller parts, and each is found once', async () => {
    const { asked, stores: of } = slow(origin, 2)
    isWhole(await look(of))
    expect(asked.slice(0, 3)).toEqual([3, 2, 1])
    expect(lines).toHaveLength(2)
  })

  test('are examined by a repair all the same', async () => {
    const { asked, stores: of } = slow(origin, 1)
    const options = { stores: of, entity: Account, recheckMs: [1], retryMs: 1 }
    const { unequal } = await examine({ ...options, ids: [ids[0]!, ids[3]!, ids[17]!] })
    expect(unequal.map(({ id }) => id)).toEqual([ids[3], ids[17]])
    expect(asked[0]).toBe(3)
  })
})

test('a result is kept, though the ledger does not answer at first', async () => {
  const { ledger } = stores.mongo
  let times = 1
  const kept: string[] = []
  const compareAndSet: typeof ledger.compareAndSet = async (kind, ...rest) => {
    if (kind.startsWith('verified') && times-- > 0) throw faults.mongo()
    kept.push(kind)
    return ledger.compareAndSet(kind, ...rest)
  }
  const of = { ...stores, mongo: { ...stores.mongo, ledger: { ...ledger, compareAndSet } } }
  isWhole(await look(of))
  expect(kept).toEqual(['verified', 'verified-differences'])
})

test('who stops a look at records does not wait for a store that hangs', async () => {
  const stop = new AbortController()
  const images = (): Promise<never> => {
    stop.abort()
    return new Promise(() => undefined)
  }
  const of = { ...stores, postgres: { ...stores.postgres, outbox: { ...stores.postgres.outbox, images } } }
  const looking = examine({ stores: of, entity: Account, ids: [ids[3]!], recheckMs: [1], signal: stop.signal })
  await expect(looking).rejects.toMatchObject({ name: 'AbortError' })
})
