import { once } from 'node:events'
import { mkdtempSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { GraphQLBoolean, GraphQLInt, GraphQLObjectType, GraphQLSchema } from 'graphql'
import { afterAll, beforeAll, expect, inject, onTestFinished, test } from 'vitest'
import { instanceKind } from '../../src/control/instances.ts'
import { prepareFlags } from '../../src/control/prepare-flags.ts'
import { type RunningGateway, startGateway } from '../../src/gateway/start-gateway.ts'
import type { GatewayContext } from '../../src/resolve/context.ts'
import { write } from '../../src/resolve/write.ts'
import { only } from '../../src/routing/declared-writes.ts'
import { Account } from '../support/account.ts'
import { openStores, type TestStores } from '../support/stores.ts'
import { type TcpProxy, tcpProxy } from '../support/tcp-proxy.ts'

/** What lets the write of `hold` go on. */
let release: (() => void) | undefined

/** One, and then none for ever. */
async function* events(): AsyncGenerator<number> {
  yield 1
  await new Promise(() => undefined)
}

const schema = new GraphQLSchema({
  subscription: new GraphQLObjectType({
    name: 'Subscription',
    fields: { told: { type: GraphQLInt, subscribe: events, resolve: (event: number) => event } },
  }),
  query: new GraphQLObjectType({
    name: 'Query',
    fields: { stuck: { type: GraphQLInt, resolve: () => new Promise(() => undefined) } },
  }),
  mutation: new GraphQLObjectType<unknown, GatewayContext>({
    name: 'Mutation',
    fields: {
      hold: {
        type: GraphQLBoolean,
        extensions: { writes: only(Account) },
        resolve: (_, __, context, info) =>
          write(context, info, async (tx) => {
            await new Promise<void>((resolve) => {
              release = resolve
            })
            await tx.of(Account).create({ email: 'held@example.org' }, 'held')
            return true
          }),
      },
    },
  }),
})

let proxy: TcpProxy
let stores: TestStores
beforeAll(async () => {
  const databaseUrl = new URL(inject('databaseUrl'))
  proxy = await tcpProxy(Number(databaseUrl.port))
  databaseUrl.port = String(proxy.port)
  stores = await openStores([Account], undefined, { mongoUri: inject('mongoUri'), databaseUrl: databaseUrl.href })
  await prepareFlags({ mongo: stores.mongo.ledger, postgres: stores.postgres.ledger }, ['Account'])
})
afterAll(async () => {
  proxy.hang(false)
  await stores.close()
  await proxy.stop()
})

async function start(drainMs: number): Promise<RunningGateway> {
  const dataDir = mkdtempSync(join(tmpdir(), 'crossfade-close-'))
  const config = { schema, entities: [Account], migrations: {} }
  const gateway = await startGateway({
    config,
    stores,
    port: 0,
    dataDir,
    log: () => undefined,
    drainMs,
    probeMs: 30_000,
  })
  onTestFinished(() => gateway.close())
  return gateway
}

/** A client that has sent this, and reads nothing. */
async function client(url: string, sent: string): Promise<Socket> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  socket.write(sent)
  return socket
}

const request = (query: string, length = 0): string => {
  const body = JSON.stringify({ query })
  const head = `POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n`
  return `${head}content-length: ${body.length + length}\r\n\r\n${body}`
}

/** How old the last signs of life are, in milliseconds. */
const ages = async (): Promise<number[]> => (await stores.mongo.ledger.list(instanceKind)).map(({ ageMs }) => ageMs)

test('subscriptions are cut off at once, and what waits for its answer is not', async () => {
  const { url, close } = await start(600_000)
  const headers = { 'content-type': 'application/json', accept: 'text/event-stream' }
  const body = JSON.stringify({ query: 'subscription { told }' })
  const response = await fetch(url, { method: 'POST', headers, body })
  const reader = response.body!.getReader()
  let text = ''
  while (!text.includes('"told":1')) {
    const { done, value } = await reader.read()
    expect(done).toBe(false)
    text += new TextDecoder().decode(value)
  }
  release = undefined
  const held = fetch(url, {
    method: 'POST',
    headers: { ...headers, accept: 'application/json' },
    body: JSON.stringify({ query: 'mutation { hold }' }),
  })
  await expect.poll(() => release, { timeout: 20_000 }).toBeDefined()
  const closing = close()
  const rest = async () => {
    while (!(await reader.read()).done);
  }
  await expect(rest()).rejects.toThrow('terminated') // an end would tell the client that nothing more is to come
  release!()
  expect(await (await held).json()).toEqual({ data: { hold: true } })
  await closing
})

test('clients that never leave are cut off, and the gateway is alive to movers until then', async () => {
  const { url, close } = await start(2_500)
  const clients = [
    await client(url, ''), // says nothing
    await client(url, request('{ stuck }')), // waits for ever
    await client(url, request('{ stuck }', 1_000)), // sends a part and no more
  ]
  const gone = clients.map((socket) => once(socket, 'close'))
  await sleep(200)
  const began = performance.now()
  const closing = close()
  await sleep(1_800)
  const [last] = await ages()
  expect(last).toBeLessThan(performance.now() - began)
  await closing
  await Promise.all(gone)
  expect(await ages()).toEqual([])
})

test('a write that has begun is waited for, also where its client was cut off', async () => {
  const { url, close } = await start(300)
  const socket = await client(url, request('mutation { hold }'))
  await expect.poll(() => release).toBeDefined()
  const cut = once(socket, 'close')
  const closing = close()
  await cut
  expect(await ages()).toHaveLength(1)
  release!()
  await closing
  expect(await ages()).toEqual([])
  const [image] = await stores.mongo.outbox.images(Account, ['held'])
  expect(image?.record).toMatchObject({ email: 'held@example.org' })
})

test('a store that hangs does not keep a gateway from stopping', { timeout: 60_000 }, async () => {
  const { close } = await start(300)
  proxy.hang(true)
  await close()
  expect(await ages()).toEqual([])
})
