import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { User } from '../../schema/user.ts'
import { ledgersOf, readFlag } from '../../src/control/flag-store.ts'
import { checkFormat, raiseFormat } from '../../src/control/format.ts'
import { setStage } from '../../src/control/move.ts'
import { everything } from '../../src/query/where.ts'
import { guardWrites } from '../../src/routing/guard-writes.ts'
import { mongoStore } from '../../src/stores/mongo/mongo-store.ts'
import { postgresStore } from '../../src/stores/postgres/postgres-store.ts'
import { type Origin, origins } from '../../src/util/origin.ts'
import { type CommandStores, openCommandStores } from '../support/command-stores.ts'
import { runCommand } from '../support/run-command.ts'
import { openDatabases } from '../support/stores.ts'

let opened: CommandStores
beforeAll(async () => {
  opened = await openCommandStores()
})
afterAll(() => opened.close())
afterEach(async () => {
  for (const origin of origins) await opened.stores[origin].ledger.remove('format', 'bookkeeping')
})

const run = (...args: string[]) => runCommand(args, opened.env)

const lineOf = (origin: Origin): string =>
  `${origin} keeps Crossfade's bookkeeping in format 2, and this version knows format 1: it writes nothing. Run the version that ran \`crossfade migrate up\` last, or a newer one.\n`

/** What a command ends with. The lines that name its stores are left out: either may come first. */
async function ended(line: string): Promise<unknown> {
  const { code, stdout, stderr } = await run(...line.split(' '))
  return { code, stdout, stderr: stderr.replace(/^.*\((?:MONGODB_URI|DATABASE_URL)\)\n/gm, '') }
}

/** All that commands keep of types and jobs. */
async function kept(): Promise<unknown> {
  return Promise.all(
    origins.map(async (origin) => {
      const { ledger } = opened.stores[origin]
      const entries = await ledger.list('flag', 'backfill', 'mapping', 'format')
      return [entries.map(({ kind, key, revision }) => [kind, key, revision]), await ledger.length('stage')]
    }),
  )
}

test.each([
  ['stage set Movie dualwrite', 'mongo'],
  ['stage set Movie dualwrite', 'postgres'],
  ['stage reset Movie --stage off --why restored', 'postgres'],
  ['migrate up', 'mongo'],
  ['migrate up', 'postgres'],
  ['backfill Movie', 'mongo'],
  ['mirror retry Movie', 'mongo'],
  ['stage list', 'postgres'],
] as const)('%s ends with what to do, and writes nothing, where %s is of a newer format', async (line, origin) => {
  await raiseFormat(opened.stores[origin].ledger, 2)
  const before = await kept()
  expect(await ended(line)).toEqual({ code: 1, stdout: '', stderr: lineOf(origin) })
  expect(await kept()).toEqual(before)
})

test('both stores are named where both are newer, and the kill switch works all the same', async () => {
  for (const origin of origins) await raiseFormat(opened.stores[origin].ledger, 2)
  const stderr = `${lineOf('mongo')}${lineOf('postgres')}`
  expect(await ended('stage set Movie dualwrite')).toEqual({ code: 1, stdout: '', stderr })
  expect(await run('stage', 'kill', 'Movie')).toMatchObject({ code: 0 })
  expect(await run('stage', 'kill', '--undo')).toMatchObject({ code: 0 })
})

/** What `migrate up` of a newer version does, in the midst of something else. */
async function upgrade(): Promise<void> {
  for (const origin of origins) await raiseFormat(opened.stores[origin].ledger, 2)
}

test('a copy that is under way writes no more batch, and makes nothing fresh', async () => {
  const { stores } = opened
  const users = Array.from({ length: 2_000 }, (_, n) => ({ name: `${n}`, email: `${n}` }))
  await stores.mongo.connection.collection(User).insertMany(users)
  const ledgers = ledgersOf(stores)
  await setStage({ ledgers, log: () => undefined, sweep: async () => 0 }, { type: 'User', stage: 'dualwrite' })
  const copy = ended('backfill User --batch 1')
  const copied = () => stores.postgres.reader.count(User, everything)
  await expect.poll(copied, { timeout: 30_000 }).toBeGreaterThan(0)
  await upgrade()
  expect(await copy).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining(lineOf('postgres')) })
  expect(await copied()).toBeLessThan(users.length)
  expect((await readFlag(ledgers.mongo, 'User'))?.flag.fresh).toBeNull()
})

test('a move that is under way stays where it is: the newer version ends it', async () => {
  const { stores } = opened
  const own = ledgersOf(stores)
  const ledgers = ledgersOf(guardWrites(stores, (origin) => checkFormat(own[origin], origin)))
  const options = { ledgers, log: () => undefined, sweep: async () => 0 }
  await setStage(options, { type: 'Theater', stage: 'dualwrite' })
  const sweep = async (): Promise<number> => {
    await upgrade()
    return 0
  }
  const move = setStage({ ...options, sweep }, { type: 'Theater', stage: 'live', force: true, why: 'a test' })
  await expect(move).rejects.toThrow(/could not be rolled back: mongo keeps Crossfade's bookkeeping in format 2/)
  const flag = (await readFlag(own.mongo, 'Theater'))?.flag
  expect(flag).toMatchObject({ stage: 'dualwrite', state: 'draining', target: 'live' })
})

test('`migrate up` writes the number into both stores, once', async () => {
  const fresh = await openDatabases()
  const dataDir = opened.env.CROSSFADE_DATA_DIR
  const env = { MONGODB_URI: fresh.mongoUri, DATABASE_URL: fresh.databaseUrl, CROSSFADE_DATA_DIR: dataDir }
  const stores = { mongo: mongoStore({ uri: fresh.mongoUri }), postgres: postgresStore({ uri: fresh.databaseUrl }) }
  try {
    const done = JSON.parse((await runCommand(['migrate', 'up', '--json'], env)).stdout) as string[]
    expect(done.filter((line) => line.startsWith('format'))).toEqual([
      'format 1 of the bookkeeping in mongo',
      'format 1 of the bookkeeping in postgres',
    ])
    for (const origin of origins) expect(await stores[origin].ledger.list('format')).toMatchObject([{ value: 1 }])
    expect(JSON.parse((await runCommand(['migrate', 'up', '--json'], env)).stdout)).toEqual([])
  } finally {
    await stores.mongo.connection.db.dropDatabase()
    await Promise.all([stores.mongo.close(), stores.postgres.close()])
    await fresh.drop()
  }
})
