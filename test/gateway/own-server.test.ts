import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ApolloServer } from '@apollo/server'
import { startStandaloneServer } from '@apollo/server/standalone'
import { makeExecutableSchema } from '@graphql-tools/schema'
import {
  type Crossfade,
  type CrossfadeConfig,
  CrossfadeError,
  everything,
  type GatewayContext,
  increment,
  load,
  loadConnection,
  only,
  openCrossfade,
  type PageArgs,
  write,
} from 'crossfade'
import fastify from 'fastify'
import { GraphQLError, type GraphQLResolveInfo } from 'graphql'
import { createHandler } from 'graphql-http/lib/use/fastify'
import { createYoga, type Plugin } from 'graphql-yoga'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { setStage } from '../../src/control/move.ts'
import { prepareFlags } from '../../src/control/prepare-flags.ts'
import { backfill } from '../../src/jobs/backfill.ts'
import { Account, account, owed, sweepOnce } from '../support/account.ts'
import { openStores, type TestStores } from '../support/stores.ts'

/** Why requests were ended. */
const ended: string[] = []

/** As a team's context is: its own values beside ours. Some libraries ask for a type with an index. */
type Context = { readonly [K in keyof GatewayContext]: GatewayContext[K] }
type Args = { readonly id: string }

const typeDefs = /* GraphQL */ `
  type Account {
    id: ID!
    email: String
    visits: Int
  }
  type PageInfo {
    hasNextPage: Boolean!
  }
  type AccountConnection {
    nodes: [Account!]!
    totalCount: Int!
    pageInfo: PageInfo!
  }
  type Query {
    account(id: ID!): Account
    accounts(first: Int): AccountConnection!
    whoAmI: String!
    own: String
    secret: String
    slow: String
  }
  type Mutation {
    visit(id: ID!): Account
    fails(id: ID!): Account
  }
`
const visit = (_: unknown, { id }: Args, context: Context, info: GraphQLResolveInfo) =>
  write(context, info, (tx) => tx.of(Account).patch(id, { visits: increment(1) }))

const schema = makeExecutableSchema({
  typeDefs,
  resolvers: {
    Query: {
      account: (_: unknown, { id }: Args, context: Context, info: GraphQLResolveInfo) =>
        load(context, info, Account, id),
      accounts: (_: unknown, page: PageArgs, context: Context, info: GraphQLResolveInfo) =>
        loadConnection(context, info, Account, everything, [], page),
      whoAmI: (_: unknown, __: unknown, { user }: Context) => user!.name,
      own: () => {
        throw new GraphQLError('not today', { extensions: { code: 'OWN' } })
      },
      secret: () => {
        throw new Error('the password is hunter2')
      },
      slow: (_: unknown, __: unknown, { signal }: Context) =>
        new Promise((_resolve, reject) =>
          signal!.addEventListener('abort', () => {
            ended.push((signal!.reason as Error).message)
            reject(signal!.reason)
          }),
        ),
    },
    Mutation: {
      visit,
      fails: async (...given: Parameters<typeof visit>) => {
        await visit(...given)
        throw new CrossfadeError('TRY_AGAIN', 'a store was slow')
      },
    },
  },
})
const { visit: visitField, fails } = schema.getMutationType()!.getFields()
for (const field of [visitField!, fails!]) Object.assign(field.extensions, { writes: only(Account) })
const config: CrossfadeConfig = { schema, entities: [Account], migrations: {}, limits: { answerMs: 2_000 } }

let stores: TestStores
let crossfade: Crossfade
let dataDir: string
const logged: string[] = []
beforeAll(async () => {
  stores = await openStores([Account])
  const ledgers = { mongo: stores.mongo.ledger, postgres: stores.postgres.ledger }
  await prepareFlags(ledgers, ['Account'])
  for (const [id, visits] of [
    ['a', 1],
    ['b', 2],
    ['c', 3],
  ] as const)
    await stores.mongo.authority.create(Account, account(id, { visits }), { ...owed, epoch: 1, owed: false })
  const options = {
    ledgers,
    log: () => undefined,
    sweep: (_: string, from: 'mongo' | 'postgres') => sweepOnce(stores, from),
  }
  await setStage(options, { type: 'Account', stage: 'dualwrite', noOtherWriters: true })
  await backfill({ stores, entity: Account })
  for (const stage of ['shadow', 'live'] as const)
    await setStage(options, { type: 'Account', stage, noOtherWriters: true })
  const [mongo, postgres] = [new URL(inject('mongoUri')), new URL(inject('databaseUrl'))]
  mongo.pathname = `/${stores.mongo.connection.db.databaseName}`
  const [database] = await stores.postgres.connection.run<{ name: string }>(sql`select current_database() as name`)
  postgres.pathname = `/${database!.name}`
  dataDir = mkdtempSync(join(tmpdir(), 'crossfade-own-'))
  crossfade = await openCrossfade(config, {
    serves: true,
    mongoUri: mongo.href,
    databaseUrl: postgres.href,
    dataDir,
    log: (_, message) => void logged.push(message),
  })
}, 60_000)
afterAll(async () => {
  await crossfade?.close()
  await stores?.close()
  rmSync(dataDir, { recursive: true, force: true })
})

/** A server of the team's own, with the time from its start to its first answer left to Vitest. */
interface Server {
  readonly url: string
  stop(): Promise<unknown>
}

const servers: Readonly<Record<string, () => Promise<Server>>> = {
  async 'Apollo Server'() {
    const server = new ApolloServer<Context>({
      gateway: {
        onSchemaLoadOrUpdate(take) {
          take({ apiSchema: schema, coreSupergraphSdl: '' })
          return () => undefined
        },
        load: async () => ({
          executor: ({ document, operationName, request, context }) =>
            crossfade.execute({
              schema,
              document,
              operationName,
              variableValues: request.variables,
              contextValue: context,
            }),
        }),
        stop: async () => undefined,
      },
      includeStacktraceInErrorResponses: false,
    })
    const { url } = await startStandaloneServer(server, {
      listen: { port: 0, host: '127.0.0.1' },
      context: async ({ req, res }) => {
        const name = String(req.headers['x-user'] ?? 'nobody')
        return { ...crossfade.context({ subject: name, response: res }), user: { name, tenant: '' } }
      },
    })
    return { url, stop: () => server.stop() }
  },
  async Fastify() {
    const app = fastify({ forceCloseConnections: true }) // else a connection that has just been used is waited for
    app.all(
      '/graphql',
      createHandler<Context>({
        schema,
        context: ({ headers, context: { reply } }) => {
          const name = String('get' in headers ? '' : (headers['x-user'] ?? 'nobody'))
          return { ...crossfade.context({ subject: name, response: reply.raw }), user: { name, tenant: '' } }
        },
        execute: (args) => crossfade.execute(args),
      }),
    )
    const address = await app.listen({ port: 0, host: '127.0.0.1' })
    return { url: `${address}/graphql`, stop: () => app.close() }
  },
  async 'Yoga of its own'() {
    const executing: Plugin = { onExecute: ({ setExecuteFn }) => setExecuteFn(crossfade.execute) }
    const yoga = createYoga<object, Context>({
      schema,
      logging: false,
      context: ({ request }) => {
        const name = request.headers.get('x-user') ?? 'nobody'
        return { ...crossfade.context({ subject: name, signal: request.signal }), user: { name, tenant: '' } }
      },
      plugins: [executing],
    })
    const server = createServer(yoga)
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    const stop = () => new Promise((done) => server.close(done).closeAllConnections())
    return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`, stop }
  },
}

describe.each(Object.entries(servers))('In a server of the team’s own: %s', (_name, start) => {
  let server: Server
  beforeAll(async () => {
    server = await start()
  })
  afterAll(async () => {
    await server?.stop()
  })

  async function ask(query: string, headers: object = {}): Promise<unknown> {
    const response = await fetch(server.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ query }),
    })
    return response.json()
  }
  const error = (code: string, message: unknown) =>
    expect.objectContaining({
      errors: [expect.objectContaining({ message, extensions: expect.objectContaining({ code }) })],
    })

  test('reads by the flags, with the context of the team', async () => {
    expect(
      await ask(
        '{ account(id: "b") { email visits } accounts(first: 1) { totalCount nodes { id } pageInfo { hasNextPage } } whoAmI }',
        { 'x-user': 'eve' },
      ),
    ).toEqual({
      data: {
        account: { email: 'b@example.org', visits: 2 },
        accounts: { totalCount: 3, nodes: [{ id: 'a' }], pageInfo: { hasNextPage: true } },
        whoAmI: 'eve',
      },
    })
  })

  test('writes are mirrored', async () => {
    const before = (await stores.postgres.outbox.images(Account, ['a']))[0]!.record!['visits'] as number
    expect(await ask('mutation { visit(id: "a") { visits } }')).toEqual({ data: { visit: { visits: before + 1 } } })
    const visits = async () =>
      (await stores.mongo.outbox.images(Account, ['a'])).map(({ record }) => record?.['visits'])
    await expect.poll(visits, { timeout: 10_000 }).toEqual([before + 1])
  })

  test('errors show what is the client’s to know', async () => {
    expect(await ask('{ account(id: "\\u0000") { id } }')).toEqual(error('BAD_USER_INPUT', expect.any(String)))
    expect(await ask('{ own }')).toEqual(error('OWN', 'not today'))
    expect(await ask('{ secret }')).toEqual(
      error('INTERNAL_SERVER_ERROR', expect.stringMatching(/^Unexpected error\. Quote/)),
    )
    expect(await ask('{ slow }')).toEqual(
      error('UNAVAILABLE', 'The request took longer than 2 s (limits.answerMs); ask for less.'),
    )
    expect(await ask('mutation { fails(id: "c") { id } }')).toEqual(
      error(
        'UNKNOWN_OUTCOME',
        expect.stringMatching(/^The mutation was carried out, and this part of its answer could not/),
      ),
    )
  })

  test('a client that leaves ends what was asked for it', async () => {
    ended.length = 0
    const leaves = new AbortController()
    const asked = fetch(server.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: '{ slow }' }),
      signal: leaves.signal,
    })
    setTimeout(() => leaves.abort(), 100)
    await expect(asked).rejects.toMatchObject({ name: 'AbortError' })
    await expect.poll(() => ended, { timeout: 10_000 }).toEqual(['The client has left.'])
  })
})

test('it is ready, and is one of the gateways', async () => {
  await expect.poll(() => crossfade.problems()).toEqual([])
  const instances = await stores.postgres.ledger.list('instance')
  expect(instances.map(({ key }) => key)).toEqual([expect.stringMatching(/^server /)])
})

test('a context is for one operation, since what ends one would end the other', async () => {
  expect(crossfade.context(null as never).subject()).toBe('')
  const contextValue = crossfade.context({ subject: 'Ann' })
  const { parse } = await import('graphql')
  const document = parse('{ __typename }')
  expect((await crossfade.execute({ schema, document, contextValue })).errors).toBeUndefined()
  await expect(crossfade.execute({ schema, document, contextValue: { ...contextValue } })).rejects.toMatchObject({
    code: 'MISCONFIGURED',
    message: 'A context is for one operation. Make one for each, and leave batches of operations off.',
  })
})

test('a context of another making is refused', async () => {
  const { parse } = await import('graphql')
  await expect(crossfade.execute({ schema, document: parse('{ whoAmI }'), contextValue: {} })).rejects.toMatchObject({
    code: 'MISCONFIGURED',
    message: expect.stringContaining('crossfade.context()'),
  })
})
