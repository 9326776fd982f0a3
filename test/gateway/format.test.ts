import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { GraphQLInt, GraphQLNonNull, GraphQLObjectType, GraphQLSchema, GraphQLString } from 'graphql'
import type { Document } from 'mongodb'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { flagJson } from '../../src/control/flag.ts'
import { readFlag } from '../../src/control/flag-store.ts'
import { raiseFormat } from '../../src/control/format.ts'
import { instanceKind } from '../../src/control/instances.ts'
import { startGateway } from '../../src/gateway/start-gateway.ts'
import type { GatewayContext } from '../../src/resolve/context.ts'
import { load } from '../../src/resolve/load.ts'
import { write } from '../../src/resolve/write.ts'
import { only } from '../../src/routing/declared-writes.ts'
import { type Origin, origins } from '../../src/util/origin.ts'
import { Account, account, owed } from '../support/account.ts'
import { openAppGateway, type SmallGateway } from '../support/small-gateway.ts'

/** What lets the write of `hold` go on. */
let release: (() => void) | undefined

const AccountType = new GraphQLObjectType({
  name: 'Account',
  extensions: { entity: Account },
  fields: { id: { type: new GraphQLNonNull(GraphQLString) }, visits: { type: GraphQLInt } },
})
const args = { id: { type: new GraphQLNonNull(GraphQLString) } }

const schema = new GraphQLSchema({
  query: new GraphQLObjectType<unknown, GatewayContext>({
    name: 'Query',
    fields: {
      account: { type: AccountType, args, resolve: (_, { id }, context, info) => load(context, info, Account, id) },
    },
  }),
  mutation: new GraphQLObjectType<unknown, GatewayContext>({
    name: 'Mutation',
    fields: {
      visit: {
        type: AccountType,
        args,
        extensions: { writes: only(Account) },
        resolve: (_, { id }, context, info) => write(context, info, (tx) => tx.of(Account).patch(id, { visits: 1 })),
      },
      hold: {
        type: AccountType,
        args,
        extensions: { writes: only(Account) },
        resolve: (_, { id }, context, info) =>
          write(context, info, async (tx) => {
            await new Promise<void>((resolve) => {
              release = resolve
            })
            return tx.of(Account).patch(id, { visits: 2 })
          }),
      },
    },
  }),
})

const app = { schema, entities: [Account], migrations: {} }

let small: SmallGateway
beforeEach(async () => {
  release = undefined
  small = await openAppGateway(app, new Map())
})
afterEach(() => small.close())

const readyz = async (url: string): Promise<{ status: number; problems: string[] }> => {
  const response = await fetch(url.replace('/graphql', '/readyz'))
  const { problems } = (await response.json()) as { problems: string[] }
  return { status: response.status, problems }
}

const refused = {
  data: { visit: null },
  errors: [
    {
      message: 'This gateway is older than the bookkeeping of the data stores, and writes nothing any more; try again.',
      extensions: { code: 'TRY_AGAIN' },
    },
  ],
}

/** Everything that gateways keep of themselves in a store. */
const signsIn = (origin: Origin) => small.stores[origin].ledger.list(instanceKind)

/** What changes with each sign, in both stores: ages grow by themselves. */
const revisions = async (): Promise<unknown> =>
  (await Promise.all(origins.map(signsIn))).map((entries) => entries.map(({ key, revision }) => [key, revision]))

const owedCount = async (): Promise<number> => (await small.stores.mongo.outbox.backlog(Account)).count

test('the format comes with the flags: no other command asks for it at rest', async () => {
  const { stores, gateway } = small
  const asked: unknown[] = []
  const hear = ({ command }: { command: Document }): void => {
    if (JSON.stringify(command).includes('format')) asked.push(command['pipeline']?.[0])
  }
  const { client } = stores.mongo.control.connection
  client.on('commandStarted', hear)
  const before = (await signsIn('mongo'))[0]!.revision
  await gateway.routing.flags.refresh()
  client.off('commandStarted', hear)
  expect((await signsIn('mongo'))[0]!.revision).toBeGreaterThan(before)
  expect(asked.length).toBeGreaterThanOrEqual(1)
  expect(new Set(asked.map((stage) => JSON.stringify(stage)))).toEqual(
    new Set(['{"$match":{"kind":{"$in":["flag","format","announced-move","killed"]}}}']),
  )
})

describe.each(origins)('a gateway that meets a newer format in %s while it serves', (raised) => {
  const problem = `${raised} keeps Crossfade's bookkeeping in format 2, and this version knows format 1: it writes nothing. Run the version that ran \`crossfade migrate up\` last, or a newer one.`

  test('is not ready, refuses writes, goes on reading, and writes nothing', async () => {
    const { gateway, stores, ask } = small
    const { url } = gateway
    await stores.mongo.authority.create(Account, account('a', { visits: 7 }), owed)
    expect(await ask('mutation { visit(id: "a") { visits } }')).toEqual({ data: { visit: { visits: 1 } } })
    await expect.poll(() => readyz(url), { timeout: 10_000 }).toEqual({ status: 200, problems: [] })
    // What it does with a mark as long as it may
    await stores.mongo.authority.owe(Account, ['a'])
    await expect.poll(owedCount, { timeout: 10_000 }).toBe(0)
    const held = ask('mutation { hold(id: "a") { visits } }')
    await expect.poll(() => release).toBeDefined()

    await raiseFormat(stores[raised].ledger, 2)
    await expect.poll(() => readyz(url), { timeout: 10_000 }).toEqual({ status: 503, problems: [problem] })

    expect(await ask('mutation { visit(id: "a") { visits } }')).toMatchObject(refused)
    // One that has begun goes no further
    release!()
    expect(await held).toMatchObject({ data: { hold: null }, errors: [{ extensions: { code: 'TRY_AGAIN' } }] })
    expect(await ask('{ account(id: "a") { visits } }')).toEqual({ data: { account: { visits: 1 } } })

    // Neither a look nor a sweep leaves anything, nor does what sees to flags that were not told to both stores
    const flag = await readFlag(stores.mongo.ledger, 'Account')
    const behind = await readFlag(stores.postgres.ledger, 'Account')
    await stores.mongo.ledger.compareAndSet(
      'flag',
      'Account',
      flag!.entryRevision,
      flagJson({ ...flag!.flag, revision: flag!.flag.revision + 1 }),
    )
    await stores.mongo.authority.owe(Account, ['a'])
    const before = await revisions()
    await sleep(3_000)
    await gateway.routing.sweeper.round()
    await gateway.routing.flags.refresh()
    await gateway.routing.flags.acknowledge()
    expect(await revisions()).toEqual(before)
    expect(await owedCount()).toBe(1)
    await sleep(3_000) // the keeper has looked twice
    expect(await readFlag(stores.postgres.ledger, 'Account')).toEqual(behind)
    expect(await readyz(url)).toEqual({ status: 503, problems: [problem] })
    // Its lease is over by now: it is refused for what it is, and is not held for one that is late
    expect(await ask('mutation { visit(id: "a") { visits } }')).toMatchObject(refused)
  })

  test('is one also where it starts behind it: it gives no sign of life', async () => {
    const { stores } = small
    await small.gateway.close()
    await raiseFormat(stores[raised].ledger, 2)
    const before = await signsIn(raised)
    const logged: string[] = []
    const dataDir = mkdtempSync(join(tmpdir(), 'crossfade-format-'))
    const log = (_: string, message: string) => void logged.push(message)
    const late = await startGateway({ config: app, stores, port: 0, dataDir, log, probeMs: 30_000 })
    try {
      expect(await readyz(late.url)).toEqual({ status: 503, problems: [problem] })
      await late.routing.flags.refresh()
      // The store that is asked second may have got one before the other has told its format
      const known = new Set(before.map(({ key, revision }) => `${key} ${revision}`))
      expect((await signsIn(raised)).filter(({ key, revision }) => !known.has(`${key} ${revision}`))).toEqual([])
      expect(logged.filter((line) => line === problem)).toHaveLength(1)
    } finally {
      await late.close()
    }
  })
})
