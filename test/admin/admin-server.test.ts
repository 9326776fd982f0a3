import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { connect } from 'node:net'
import { defineEntity, int, only, text, write } from 'crossfade'
import { connection, createBuilder, entityType, payloadType, record } from 'crossfade/pothos'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type RunningAdmin, startAdmin } from '../../src/admin/admin-server.ts'
import type { Killed } from '../../src/admin/killed.ts'
import { KnownTokens } from '../../src/admin/known-tokens.ts'
import { Metrics } from '../../src/admin/metrics.ts'
import { routingMetrics } from '../../src/admin/routing-metrics.ts'
import { makeToken } from '../../src/admin/tokens.ts'
import { ledgersOf } from '../../src/control/flag-store.ts'
import { CrossfadeError } from '../../src/util/errors.ts'
import { openSmallGateway, type SmallGateway } from '../support/small-gateway.ts'

const Note = defineEntity('Note', { mongo: 'notes', postgres: 'notes', id: int(), fields: { text: text() } })

const builder = createBuilder()
entityType(builder, Note)
const NotePayload = payloadType(builder, Note, 'note')
builder.queryType({ fields: (t) => ({ note: record(t, Note), notes: connection(t, Note) }) })
builder.mutationType({
  fields: (t) => ({
    setText: t.field({
      type: NotePayload,
      args: { id: t.arg.int({ required: true }), text: t.arg.string({ required: true }) },
      extensions: { writes: only(Note) },
      resolve: (_, { id, text }, context, info) =>
        write(context, info, async (tx) => ({ note: await tx.of(Note).patch(id, { text }) })),
    }),
    addNote: t.field({
      type: NotePayload,
      args: { id: t.arg.int({ required: true }) },
      extensions: { writes: only(Note) },
      resolve: (_, { id }, context, info) =>
        write(context, info, async (tx) => ({ note: await tx.of(Note).create({}, id) })),
    }),
  }),
})

let api: SmallGateway
let admin: RunningAdmin
let secret: string
let operator: string

const set: unknown[] = []
const killed: Killed = {
  list: () => ['Note'],
  async set(type, ...given) {
    if (type === 'Nope') throw new CrossfadeError('BAD_USER_INPUT', 'There is no type Nope.')
    set.push([type, ...given])
    return { killed: [type], untold: [] }
  },
}

beforeAll(async () => {
  const metrics = new Metrics()
  api = await openSmallGateway(builder.toSchema(), Note, [{ _id: 1, text: 'a' }], { meter: metrics })
  for (const each of routingMetrics(api.gateway.routing)) metrics.add(each)
  const ledgers = ledgersOf(api.stores)
  secret = await makeToken(ledgers, { name: 'prometheus', role: 'viewer', days: 1, by: 'a test' })
  operator = await makeToken(ledgers, { name: 'on-call', role: 'operator', days: 1, by: 'a test' })
  const tokens = new KnownTokens(ledgers)
  admin = await startAdmin({
    port: 0,
    host: '127.0.0.1',
    tokens,
    metrics,
    killed,
    api: async () => undefined,
    console: new Map([['/assets/a.js', { type: 'text/javascript', bytes: Buffer.from('1') }]]),
  })
}, 60_000)
afterAll(async () => {
  await admin?.close()
  await api?.close()
})

const get = (path: string, token?: string, method = 'GET'): Promise<Response> =>
  fetch(admin.url + path, { method, headers: token === undefined ? {} : { authorization: `Bearer ${token}` } })

/** The samples of one metric, by their labels. */
async function samples(name: string): Promise<Record<string, number>> {
  const lines = (await (await get('/metrics', secret)).text()).split('\n')
  const found = lines.flatMap((line) => {
    const [, labels, value] = new RegExp(`^${name}(?:\\{(.*)\\})? (\\S+)$`).exec(line) ?? []
    return value === undefined ? [] : [[labels ?? '', Number(value)] as const]
  })
  return Object.fromEntries(found)
}

test('what a gateway does is counted', async () => {
  const before = await samples('crossfade_request_duration_seconds_count')
  expect(await api.ask('{ note(id: 1) { text } }')).toEqual({ data: { note: { text: 'a' } } })
  await api.ask('mutation { setText(id: 1, text: "b") { note { text } } }')
  await api.ask('mutation { addNote(id: 1) { note { text } } }')
  expect((await fetch(api.gateway.url, { method: 'POST', body: '' })).status).toBe(415)
  await expect
    .poll(() => samples('crossfade_request_duration_seconds_count'), { timeout: 20_000 })
    .toEqual({ 'status="200"': (before['status="200"'] ?? 0) + 3, 'status="415"': 1 })
  await api.ask(`{ ${Array.from({ length: 101 }, (_, n) => `a${n}: __typename`).join(' ')} }`)
  expect(await samples('crossfade_refusals_total')).toEqual({ 'limit="aliases",outcome="refused"': 1 })
  expect(await samples('crossfade_read_duration_seconds_count')).toEqual({ 'type="Note",store="mongo"': 1 })
  expect(await samples('crossfade_write_duration_seconds_count')).toEqual({ 'type="Note",authority="mongo"': 1 })
  expect(await samples('crossfade_write_failures_total')).toEqual({
    'type="Note",authority="mongo",code="CONFLICT"': 1,
  })
  expect(await samples('crossfade_stage')).toEqual({ 'type="Note",stage="shadow"': 1 })
  expect(await samples('crossfade_store_up')).toEqual({ 'store="mongo"': 1, 'store="postgres"': 1 })
  expect(await samples('crossfade_killed')).toEqual({ 'type="Note"': 0 })
  await expect.poll(() => samples('crossfade_owed_records'), { timeout: 20_000 }).toEqual({ 'type="Note"': 0 })
  expect(Object.keys(await samples('crossfade_pool_connections'))).toHaveLength(20)
  expect(await samples('nodejs_eventloop_lag_p99_seconds')).toHaveProperty([''])
})

test('what is in a pool is told as it is', async () => {
  const { pool } = api.stores.postgres.writes
  const client = await pool.connect()
  expect(await samples('crossfade_pool_connections')).toMatchObject({
    'store="postgres",pool="writes",state="taken"': 1,
  })
  client.release()
  expect(await samples('crossfade_pool_connections')).toMatchObject({
    'store="postgres",pool="writes",state="taken"': 0,
    'store="postgres",pool="writes",state="idle"': pool.totalCount,
  })
  const of = await samples('crossfade_pool_connections')
  for (const [labels, count] of Object.entries(of)) expect(count, labels).toBeGreaterThanOrEqual(0)
})

test('comparisons are counted by how they end', async () => {
  await api.ask('{ notes { edges { node { text } } } }')
  await expect
    .poll(() => samples('crossfade_comparisons_total'), { timeout: 20_000 })
    .toMatchObject({ 'type="Note",verdict="diverged"': 0, 'type="Note",verdict="matched"': expect.any(Number) })
})

test('without a token nothing is told but that it is there', async () => {
  expect((await get('/healthz')).status).toBe(200)
  for (const path of ['/metrics', '/', '/nope', '/__proto__', '/metrics/../metrics']) {
    const refused = await get(path)
    expect(refused.status).toBe(401)
    expect(refused.headers.get('www-authenticate')).toBe('Bearer realm="crossfade"')
    expect(await refused.text()).toContain('crossfade token make')
  }
  for (const path of ['/assets/', '/assets/b.js', '/assets/..%2fa.js']) expect((await get(path)).status).toBe(401)
  const file = await get('/assets/a.js')
  expect([file.status, await file.text()]).toEqual([200, '1'])
  expect(file.headers.get('content-security-policy')).toContain("default-src 'none'; script-src 'self'")
  expect((await get('/nope', secret)).status).toBe(404)
  expect((await get('/__proto__', secret)).status).toBe(404)
  expect((await get('/metrics', secret, 'POST')).status).toBe(405)
})

test('who may only look kills nothing, and on-call does', async () => {
  expect((await get('/kill', secret, 'POST')).status).toBe(403)
  expect((await get('/kill', undefined, 'POST')).status).toBe(401)
  expect(set).toEqual([])
  expect(await (await get('/kill', secret)).json()).toEqual({ killed: ['Note'] })
  expect(await (await get('/kill?type=Note', operator, 'POST')).json()).toEqual({ killed: ['Note'], untold: [] })
  expect((await get('/kill', operator, 'POST')).status).toBe(200)
  expect((await get('/kill?type=Note&here', operator, 'DELETE')).status).toBe(200)
  expect(set).toEqual([
    ['Note', true, 'on-call', false],
    ['all', true, 'on-call', false],
    ['Note', false, 'on-call', true],
  ])
  expect(await (await get('/kill?tpye=Note', operator, 'DELETE')).json()).toEqual({
    error: 'There is no parameter tpye; there are type and here.',
  })
  const withBody = { method: 'POST', headers: { authorization: `Bearer ${operator}` }, body: '{"type":"Note"}' }
  expect((await fetch(`${admin.url}/kill`, withBody)).status).toBe(400)
  expect(set).toHaveLength(3)
  const refused = await get('/kill?type=Nope', operator, 'POST')
  expect([refused.status, await refused.json()]).toEqual([400, { error: 'There is no type Nope.' }])
  expect((await get('/kill', operator, 'PUT')).status).toBe(405)
  expect((await get('/metrics', operator)).status).toBe(200)
})

test('whoever tries one token after the other is told to wait, and keeps no good one out', async () => {
  const statuses: number[] = []
  const refusals: string[] = []
  for (let n = 0; n < 22; n++) {
    const refused = await get('/metrics', `crossfade_${n}`)
    statuses.push(refused.status)
    refusals.push(await refused.text())
  }
  expect(statuses).toEqual([...Array(20).fill(401), 429, 429])
  expect(refusals[0]).toContain('This token is not known here')
  expect((await get('/metrics')).status).toBe(429)
  expect((await get('/metrics', secret)).status).toBe(200)
  expect((await get('/healthz')).status).toBe(200)
})

test('a host that is none is refused, and nothing of ours is told', async () => {
  const { hostname, port } = new URL(admin.url)
  const headers = { authorization: `Bearer ${operator}`, host: '[' }
  const asked = request({ hostname, port, path: '/graphql', method: 'POST', headers }).end('{}')
  const [response] = (await once(asked, 'response')) as [IncomingMessage]
  let text = ''
  for await (const chunk of response) text += String(chunk)
  expect([response.statusCode, text]).toEqual([400, '{"error":"The header Host names no host."}\n'])
})

test('connections on which nobody asks keep nobody out', async () => {
  const { hostname, port } = new URL(admin.url)
  const silent = Array.from({ length: 120 }, () => {
    const socket = connect(Number(port), hostname).on('error', () => undefined)
    socket.write('GET /kill HTTP/1.1\r\nhost: ')
    return socket
  })
  try {
    await Promise.all(silent.slice(0, 50).map((socket) => socket.closed || once(socket, 'close')))
    expect((await get('/kill', operator)).status).toBe(200)
  } finally {
    for (const socket of silent) socket.destroy()
  }
})
