import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeExecutableSchema } from '@graphql-tools/schema'
import { type GatewayContext, load, together, write } from 'crossfade'
import type { GraphQLResolveInfo } from 'graphql'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ledgersOf } from '../../src/control/flag-store.ts'
import { prepareFlags } from '../../src/control/prepare-flags.ts'
import { dropGroup, formGroup } from '../../src/control/regroup.ts'
import { type RunningGateway, startGateway } from '../../src/gateway/start-gateway.ts'
import { openPurses, Purse, Transfer } from '../support/purses.ts'
import type { TestStores } from '../support/stores.ts'

const typeDefs = `
  type Query { purse(id: ID!): Purse }
  type Purse { id: ID! coins: Int }
  type Mutation { open(id: ID!): Purse }`
type Args = { readonly id: string }
const resolvers = {
  Query: {
    purse: (_: unknown, { id }: Args, context: GatewayContext, info: GraphQLResolveInfo) =>
      load(context, info, Purse, id),
  },
  Mutation: {
    open: {
      extensions: { writes: together(Purse, Transfer) },
      resolve: (_: unknown, { id }: Args, context: GatewayContext, info: GraphQLResolveInfo) =>
        write(context, info, (tx) => tx.of(Purse).create({ coins: 10 }, id)),
    },
  },
}

const dataDir = mkdtempSync(join(tmpdir(), 'crossfade-groups-'))
let stores: TestStores
let gateway: RunningGateway | undefined
beforeAll(async () => {
  stores = await openPurses()
})
afterAll(async () => {
  await gateway?.close()
  await stores?.close()
  rmSync(dataDir, { recursive: true, force: true })
})

async function ready(): Promise<string> {
  return (await fetch(new URL('/readyz', gateway!.url))).text()
}

async function ask(query: string): Promise<unknown> {
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(gateway!.url, { method: 'POST', headers, body: JSON.stringify({ query }) })
  return response.json()
}

test('a gateway is ready, and writes, while the stores have its groups as its mapping has them, and no longer', async () => {
  const options = { ledgers: ledgersOf(stores), log: () => undefined }
  await prepareFlags(options.ledgers, ['Purse', 'Transfer'])
  gateway = await startGateway({
    config: { schema: makeExecutableSchema({ typeDefs, resolvers }), entities: [Purse, Transfer], migrations: {} },
    stores,
    port: 0,
    dataDir,
    log: () => undefined,
    probeMs: 30_000, // the machine may be busy
  })
  const { flags } = gateway.routing
  const notReady = 'Purse moves with group money by the mapping, and by itself by the stores'
  expect(await ready()).toContain(notReady)
  expect(await ready()).toContain('Run `crossfade group set money Purse Transfer`')
  expect(await ask('mutation { open(id: "a") { id } }')).toMatchObject({
    errors: [{ message: expect.stringContaining('Purse cannot be written'), extensions: { code: 'TRY_AGAIN' } }],
  })
  expect(await ask('{ purse(id: "a") { id } }')).toEqual({ data: { purse: null } })

  await formGroup(options, 'money', ['Purse', 'Transfer'])
  await flags.refresh()
  expect(await ready()).not.toContain('group money')
  expect(await ask('mutation { open(id: "a") { coins } }')).toEqual({ data: { open: { coins: 10 } } })

  await dropGroup(options, 'money')
  await flags.refresh()
  expect(await ready()).toContain(notReady)
  expect(await ask('mutation { open(id: "b") { id } }')).toMatchObject({
    errors: [{ extensions: { code: 'TRY_AGAIN' } }],
  })
  expect(await ask('{ purse(id: "a") { coins } }')).toEqual({ data: { purse: { coins: 10 } } })
})
