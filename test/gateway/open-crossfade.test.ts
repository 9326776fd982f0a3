import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type Crossfade,
  type CrossfadeError,
  type CrossfadeOptions,
  defineEntity,
  everything,
  independent,
  objectId,
  openCrossfade,
  text,
  where,
} from 'crossfade'
import { GraphQLBoolean, GraphQLObjectType, GraphQLSchema } from 'graphql'
import { sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, inject, onTestFinished, test } from 'vitest'
import { type Flag, flagJson } from '../../src/control/flag.ts'
import { readFlag } from '../../src/control/flag-store.ts'
import { raiseFormat } from '../../src/control/format.ts'
import { instanceKind } from '../../src/control/instances.ts'
import { type MoveOptions, setStage } from '../../src/control/move.ts'
import { prepareFlags } from '../../src/control/prepare-flags.ts'
import type { Rec } from '../../src/entity/entity.ts'
import { backfill } from '../../src/jobs/backfill.ts'
import type { Stage } from '../../src/stage/stage.ts'
import type { Image } from '../../src/stores/store.ts'
import { type Origin, origins, otherOrigin } from '../../src/util/origin.ts'
import { Account, account, sweepOnce } from '../support/account.ts'
import { anyEpoch } from '../support/any-epoch.ts'
import { openStores, type TestStores } from '../support/stores.ts'
import { tcpProxy } from '../support/tcp-proxy.ts'

const Visit = defineEntity('Visit', {
  mongo: 'visits',
  postgres: 'visits',
  id: objectId(),
  fields: { account: text().required() },
})
/** Named by no config. */
const Stray = defineEntity('Stray', { mongo: 'strays', postgres: 'strays', id: text(), fields: { name: text() } })

const schema = new GraphQLSchema({
  query: new GraphQLObjectType({ name: 'Query', fields: { ok: { type: GraphQLBoolean } } }),
})
const config = { schema, entities: [Account, Visit], migrations: {} }

let stores: TestStores
let uris: { mongoUri: string; databaseUrl: string }
let dataDir: string
beforeEach(async () => {
  stores = await openStores(config.entities)
  await prepareFlags(ledgers(), ['Account', 'Visit'])
  const [mongo, postgres] = [new URL(inject('mongoUri')), new URL(inject('databaseUrl'))]
  mongo.pathname = `/${stores.mongo.connection.db.databaseName}`
  const [{ name }] = (await stores.postgres.connection.run(sql`select current_database() as name`)) as [
    { name: string },
  ]
  postgres.pathname = `/${name}`
  uris = { mongoUri: mongo.href, databaseUrl: postgres.href }
  dataDir = mkdtempSync(join(tmpdir(), 'crossfade-job-'))
})
const jobs: Crossfade[] = []
afterEach(async () => {
  await Promise.all(jobs.splice(0).map((job) => job.close()))
  await stores.close()
  rmSync(dataDir, { recursive: true, force: true })
})

const ledgers = () => ({ mongo: stores.mongo.ledger, postgres: stores.postgres.ledger })

const moves = (): MoveOptions => ({
  ledgers: ledgers(),
  log: () => undefined,
  sweep: (_, from) => sweepOnce(stores, from),
})

/** Of both types, through a copy. */
async function toStage(stage: Stage): Promise<void> {
  for (const entity of config.entities) {
    const type = entity.name
    if ((await readFlag(stores.mongo.ledger, type))?.flag.stage === 'off') {
      await setStage(moves(), { type, stage: 'dualwrite' })
      await backfill({ stores, entity })
    }
    if (stage !== 'dualwrite') await setStage(moves(), { type, stage })
  }
}

async function open(changed: CrossfadeOptions = {}): Promise<Crossfade> {
  const crossfade = await openCrossfade(config, { ...uris, dataDir, log: () => undefined, ...changed })
  jobs.push(crossfade)
  return crossfade
}

const recordIn = async (origin: Origin, id: string): Promise<unknown> =>
  (await stores[origin].outbox.images(Account, [id]))[0]?.record

const imageOf = (record: Rec): Image => ({
  id: record.id,
  version: { epoch: 1, counter: 1 },
  pending: false,
  record,
  rest: null,
  issues: [],
})

/** Gateways and jobs that a store knows. */
const idsIn = async (origin: Origin): Promise<string[]> =>
  (await stores[origin].ledger.list(instanceKind)).map(({ key }) => key)

/** Something that is waited for until it is opened. */
function gate(): { opened: Promise<void>; open: () => void } {
  let open = (): void => undefined
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { opened, open }
}

const isSettled = async (work: Promise<unknown>): Promise<boolean> => {
  let settled = false
  const note = (): void => {
    settled = true
  }
  work.then(note, note)
  await new Promise((done) => setTimeout(done, 1_500))
  return settled
}

describe.each([
  ['shadow', 'mongo'],
  ['live', 'postgres'],
] as const)('in %s, where %s has authority', (stage, home) => {
  const mirror = otherOrigin(home)
  beforeEach(() => toStage(stage))

  test('what a job creates, patches and deletes is in both stores once it is closed', async () => {
    const crossfade = await open()
    await crossfade.write(Account, async (tx) => {
      const accounts = tx.of(Account)
      await accounts.create({ email: 'kept@example.org', visits: 1 }, 'kept')
      await accounts.create({ email: 'gone@example.org' }, 'gone')
    })
    const patched = await crossfade.write(Account, (tx) => tx.of(Account).patch('kept', { visits: 2, tags: ['a'] }))
    expect(patched).toMatchObject({ id: 'kept', visits: 2, tags: ['a'] })
    expect(await crossfade.write('Account', (tx) => tx.of('Account').delete('gone'))).toBe(true)
    await crossfade.close()
    for (const origin of [home, mirror]) {
      expect(await recordIn(origin, 'kept')).toMatchObject({ email: 'kept@example.org', visits: 2, tags: ['a'] })
      expect(await recordIn(origin, 'gone')).toBeNull()
    }
    // The marks go with the close, or with the next sweep of a gateway
    expect(await sweepOnce(stores, home)).toBe(0)
  })

  test('what a mutation would be refused, a job is, and nothing of it is written', async () => {
    const crossfade = await open()
    const create = (visits: unknown) =>
      crossfade.write(Account, (tx) => tx.of(Account).create({ email: 'x', visits: visits as number }, 'bad'))
    await expect(create('many')).rejects.toMatchObject({ code: 'BAD_USER_INPUT' })
    await create(1)
    await expect(create(1)).rejects.toMatchObject({ code: 'CONFLICT' })
    await expect(crossfade.write(Account, async (tx) => tx.of(Visit).delete('0'.repeat(24)))).rejects.toMatchObject({
      code: 'MISCONFIGURED',
    })
    expect(await recordIn(home, 'bad')).toMatchObject({ visits: 1 })
  })

  test('several types are written where they are said to be', async () => {
    const crossfade = await open()
    const visit = await crossfade.write(independent(Account, Visit), async (tx) => {
      await tx.of(Account).create({ email: 'both@example.org' }, 'both')
      return tx.of(Visit).create({ account: 'both' })
    })
    await crossfade.close()
    expect(await stores[mirror].outbox.images(Visit, [visit.id])).toMatchObject([{ record: { account: 'both' } }])
  })

  test('a reader answers from the store that the flag says, and what the job has written from the one with authority', async () => {
    // Unlike what any gateway would leave, so that it shows who has answered
    for (const [origin, visits] of [
      [home, 1],
      [mirror, 2],
    ] as const)
      await stores[origin].replica.bulkPut(Account, [imageOf(account('r', { visits }))], anyEpoch)
    const crossfade = await open()
    const accounts = crossfade.reader(Account)
    expect(await accounts.load('r')).toMatchObject({ id: 'r', visits: 1, tags: null, address: null })
    expect(await crossfade.reader('Account').load('r')).toMatchObject({ visits: 1 })
    await setStage(moves(), { type: 'Account', readPercent: 100 })
    const visits = async (): Promise<unknown> => (await accounts.loadBy('email', 'r@example.org'))?.visits
    await expect.poll(visits, { timeout: 10_000 }).toBe(2)
    await crossfade.write(Account, (tx) => tx.of(Account).create({ email: 'own' }, 'own'))
    expect(await visits()).toBe(1)
  })

  test('an older state is nothing that a job goes on with, where the store with authority goes', async () => {
    const setting = home === 'mongo' ? 'mongoUri' : 'databaseUrl'
    const uri = new URL(uris[setting])
    const door = await tcpProxy(Number(uri.port))
    onTestFinished(() => door.stop())
    uri.port = String(door.port)
    const reader = (await open({ [setting]: uri.href })).reader(Account)
    const outcome = (): Promise<unknown> =>
      reader.load('nobody').catch(({ code, message }: CrossfadeError) => `${code}: ${message}`)
    expect(await outcome()).toBeNull()
    door.close(true)
    const behind = 'The data store with authority over Account does not answer, and the other one may be behind'
    await expect.poll(outcome, { timeout: 20_000 }).toBe(`UNAVAILABLE: ${behind}; try again.`)
    door.close(false)
    await expect.poll(outcome, { timeout: 20_000 }).toBeNull()
  })
})

describe('a job', () => {
  test('reads page by page, each record once, with the count beside', async () => {
    const crossfade = await open()
    const ids = await crossfade.write(Account, async (tx) => {
      const made: string[] = []
      for (let n = 0; n < 7; n++) made.push((await tx.of(Account).create({ email: `${n}`, visits: n }, `p${n}`)).id)
      return made
    })
    const accounts = crossfade.reader(Account)
    const found: string[] = []
    let after: string | null = null
    do {
      const page = await accounts.loadConnection(
        where(Account, { visits: { gte: 2 } }),
        [{ path: 'visits', direction: 'desc' }],
        { first: 2, after },
      )
      expect(await page.totalCount()).toBe(5)
      found.push(...page.nodes().map(({ id, visits }) => `${id} ${visits}`))
      const { hasNextPage, endCursor } = page.pageInfo()
      after = hasNextPage ? endCursor() : null
    } while (after !== null)
    expect(found).toEqual(['p6 6', 'p5 5', 'p4 4', 'p3 3', 'p2 2'])
    expect((await accounts.loadConnection(everything, [])).nodes().map(({ id }) => id)).toEqual(ids)
    expect(await accounts.load('nobody')).toBeNull()
    expect(await accounts.loadBy('email', 'nobody')).toBeNull()
    await expect(crossfade.reader(Visit).load('1')).rejects.toMatchObject({ code: 'BAD_USER_INPUT' })
    const tooMany = accounts.loadConnection(everything, [], { first: 101 })
    await expect(tooMany).rejects.toMatchObject({ code: 'BAD_USER_INPUT' })
  })

  test('is held by a move, and goes on behind it in the new authority', async () => {
    await toStage('shadow')
    const crossfade = await open()
    const [swept, draining] = [gate(), gate()]
    const sweep: MoveOptions['sweep'] = async (_, from) => {
      draining.open()
      await swept.opened
      return sweepOnce(stores, from)
    }
    const move = setStage({ ...moves(), sweep }, { type: 'Account', stage: 'live' })
    await draining.opened
    const write = crossfade.write(Account, (tx) => tx.of(Account).create({ email: 'held@example.org' }, 'held'))
    expect(await isSettled(write)).toBe(false)
    swept.open()
    const { epoch } = await move
    expect(await write).toMatchObject({ id: 'held' })
    const [image] = await stores.postgres.outbox.images(Account, ['held'])
    expect(image).toMatchObject({ version: { epoch }, record: { email: 'held@example.org' } })
    await crossfade.close()
    expect(await recordIn('mongo', 'held')).toMatchObject({ email: 'held@example.org' })
  })

  test('is known to both stores, a move waits for the write that it has begun, and nothing of it is left', async () => {
    await toStage('shadow')
    const crossfade = await open()
    for (const origin of origins) expect(await idsIn(origin)).toEqual([expect.stringMatching(/^job /)])
    const [begun, finish] = [gate(), gate()]
    const write = crossfade.write(Account, async (tx) => {
      begun.open()
      await finish.opened
      return tx.of(Account).create({ email: 'slow@example.org' }, 'slow')
    })
    await begun.opened
    const move = setStage(moves(), { type: 'Account', stage: 'live' })
    expect(await isSettled(move)).toBe(false)
    finish.open()
    await write
    expect((await move).stage).toBe('live')
    expect(await recordIn('postgres', 'slow')).toMatchObject({ email: 'slow@example.org' })
    await crossfade.close()
    for (const origin of origins) expect(await idsIn(origin)).toEqual([])
  })

  test('closes behind the write that is under way, once, and takes nothing more', async () => {
    await toStage('dualwrite')
    const crossfade = await open()
    const accounts = crossfade.reader(Account)
    const [begun, finish] = [gate(), gate()]
    const write = crossfade.write(Account, async (tx) => {
      begun.open()
      await finish.opened
      return tx.of(Account).create({ email: 'last@example.org' }, 'last')
    })
    await begun.opened
    const closing = crossfade.close()
    expect(crossfade.close()).toBe(closing)
    const closed = { code: 'MISCONFIGURED', message: 'This job has called close(): open another.' }
    await expect(crossfade.write(Account, async () => 1)).rejects.toMatchObject(closed)
    await expect(accounts.load('last')).rejects.toMatchObject(closed)
    expect(await isSettled(closing)).toBe(false)
    finish.open()
    expect(await write).toMatchObject({ id: 'last' })
    await closing
    await crossfade[Symbol.asyncDispose]()
    for (const origin of origins) expect(await recordIn(origin, 'last')).toMatchObject({ email: 'last@example.org' })
  })

  test('that is closed while a move holds its write does not wait for the move', async () => {
    const crossfade = await open()
    const stored = await readFlag(stores.mongo.ledger, 'Account')
    const { flag, entryRevision } = stored!
    const held: Flag = { ...flag, state: 'draining', target: 'live', revision: flag.revision + 1 }
    await stores.mongo.ledger.compareAndSet('flag', 'Account', entryRevision, flagJson(held))
    const idOf = async (): Promise<unknown> => (await stores.mongo.ledger.list(instanceKind))[0]?.value
    await expect.poll(idOf, { timeout: 10_000 }).toMatchObject({ acknowledged: { Account: held.revision } })
    const write = crossfade.write(Account, (tx) => tx.of(Account).create({ email: 'never' }, 'never'))
    const refused = expect(write).rejects.toMatchObject({ code: 'TRY_AGAIN' })
    expect(await isSettled(write.catch(() => undefined))).toBe(false)
    await crossfade.close()
    expect(await isSettled(write.catch(() => undefined))).toBe(true)
    await refused
    expect(await recordIn('mongo', 'never')).toBeUndefined()
  })

  test('names the type that is nearest to one that there is not', async () => {
    const crossfade = await open()
    const there = 'there are Account, Visit.'
    const near = { code: 'BAD_USER_INPUT', message: `There is no type Acount; ${there} Did you mean "Account"?` }
    await expect(crossfade.write('Acount', async () => 1)).rejects.toMatchObject(near)
    expect(() => crossfade.reader('Acount')).toThrow(near.message)
    await expect(crossfade.write('Visit', async (tx) => tx.of('visit'))).rejects.toThrow(/Did you mean "Visit"\?$/)
    expect(() => crossfade.reader('Quotation')).toThrow(`There is no type Quotation; ${there}`)
    const stray = { code: 'MISCONFIGURED', message: 'Stray is not among the entities of the config.' }
    await expect(crossfade.write(Stray, async () => 1)).rejects.toMatchObject(stray)
    await expect(crossfade.write(independent(Account, Stray), async () => 1)).rejects.toMatchObject(stray)
    expect(() => crossfade.reader(Stray)).toThrow(stray.message)
  })
})

describe('opening', () => {
  /** Addresses of nobody, with a password. */
  const nowhere = {
    mongoUri: 'mongodb://me:hushhush@127.0.0.1:1/shop',
    databaseUrl: 'postgresql://me:hushhush@127.0.0.1:1/shop',
  }
  const failure = (changed: CrossfadeOptions): Promise<unknown> => open(changed).catch((error: unknown) => error)

  test('names the store with authority that does not answer, and its place, and no password', async () => {
    await toStage('shadow')
    const ofMongo = await failure({ mongoUri: nowhere.mongoUri })
    expect(ofMongo).toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringMatching(/^MongoDB at 127\.0\.0\.1:1 \(MONGODB_URI\): .*See that it runs/),
    })
    await toStage('live')
    const ofPostgres = await failure({ databaseUrl: nowhere.databaseUrl })
    expect(ofPostgres).toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringMatching(/^PostgreSQL at 127\.0\.0\.1:1 \(DATABASE_URL\): .*See that it runs/),
    })
    // One that has seen no flag yet takes every type for one of either store
    const ofBoth = await failure({ ...nowhere, dataDir: join(dataDir, 'another') })
    expect(ofBoth).toMatchObject({ message: expect.stringMatching(/^MongoDB at .*\nPostgreSQL at /) })
    for (const error of [ofMongo, ofPostgres, ofBoth]) expect(String(error)).not.toContain('hushhush')
  })

  test('does without a store that only mirrors: it is told, and what is written is owed to it', async () => {
    await toStage('shadow')
    const told: string[] = []
    const crossfade = await open({ databaseUrl: nowhere.databaseUrl, log: (_, line) => told.push(line) })
    expect(told.join()).toMatch(/postgres does not answer/)
    await crossfade.write(Account, (tx) => tx.of(Account).create({ email: 'owed@example.org' }, 'owed'))
    await crossfade.close()
    expect((await stores.mongo.outbox.backlog(Account)).count).toBe(1)
    expect(await sweepOnce(stores, 'mongo')).toBe(0)
    expect(await recordIn('postgres', 'owed')).toMatchObject({ email: 'owed@example.org' })
  })

  test('is refused where a newer version keeps the bookkeeping, and leaves no sign of itself', async () => {
    for (const origin of origins) await raiseFormat(stores[origin].ledger, 2)
    expect(await failure({})).toMatchObject({
      code: 'MISCONFIGURED',
      // A store that is late on a busy machine is not among those that have said so
      message: expect.stringMatching(/^(mongo|postgres) keeps Crossfade's bookkeeping in format 2/),
    })
    for (const origin of origins) expect(await idsIn(origin)).toEqual([])
  })

  test('asks for addresses, a config and flags, by name', async () => {
    const { MONGODB_URI, DATABASE_URL } = process.env
    delete process.env['MONGODB_URI']
    delete process.env['DATABASE_URL']
    onTestFinished(() => {
      for (const [name, value] of Object.entries({ MONGODB_URI, DATABASE_URL })) if (value) process.env[name] = value
    })
    await expect(openCrossfade(config)).rejects.toMatchObject({
      code: 'MISCONFIGURED',
      message: expect.stringMatching(/^MONGODB_URI and DATABASE_URL are not set, and a job starts no store of its own/),
    })
    await expect(openCrossfade(config, { mongoUri: uris.mongoUri })).rejects.toThrow(/^DATABASE_URL is not set/)
    await expect(openCrossfade(config, { mongoUri: 'http://a' })).rejects.toThrow(/MONGODB_URI: expected mongodb:/)
    const misspelt = { ...config, entitys: [] } as typeof config
    await expect(openCrossfade(misspelt, uris)).rejects.toThrow(/there is no entitys\. Did you mean "entities"/)
    await stores.mongo.ledger.remove('flag', 'Visit')
    await stores.postgres.ledger.remove('flag', 'Visit')
    expect(await failure({})).toMatchObject({
      code: 'MISCONFIGURED',
      message: 'No flag is known for Visit. Run `crossfade migrate up`.',
    })
  })
})
