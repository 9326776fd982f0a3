import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Webhook } from '../../src/gateway/webhook.ts'

const secret = `whsec_${Buffer.from('0123456789abcdef0123456789abcdef').toString('base64')}`
const notice = { event: 'mismatch.new', type: 'Movie', text: 'Reads differ.', facts: { group: 'abc' } } as const

interface Got {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
}

let server: Server
let url: string
let got: Got[]
/** The statuses of the next answers, then 204; null answers never. */
let statuses: (number | null)[]
let logged: string[]

beforeEach(async () => {
  ;[got, statuses, logged] = [[], [], []]
  server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += String(chunk)
    got.push({ headers: request.headers, body })
    const status = statuses.length > 0 ? statuses.shift()! : 204
    if (status !== null) response.writeHead(status, { location: '/elsewhere' }).end()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`
})
afterEach(() => {
  server.closeAllConnections()
  server.close()
})

const open = (waitsMs = [1, 1]): Webhook =>
  new Webhook({ url, secret, waitsMs, log: (_, message) => void logged.push(message) })
const patient = { timeout: 20_000 }

test('a notice is signed as Standard Webhooks has it', async () => {
  const webhook = open()
  webhook.send(notice)
  await expect.poll(() => got, patient).toHaveLength(1)
  await webhook.close()
  const [{ headers, body }] = got as [Got]
  expect(JSON.parse(body)).toEqual({
    type: 'mismatch.new',
    timestamp: expect.stringMatching(/^\d{4}-.*Z$/),
    data: { type: 'Movie', text: 'Reads differ.', group: 'abc' },
  })
  const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`
  const expected = createHmac('sha256', '0123456789abcdef0123456789abcdef').update(signed).digest('base64')
  expect(headers['webhook-signature']).toBe(`v1,${expected}`)
})

test('what is not taken is sent again under its id, and follows no redirect', async () => {
  statuses = [500, 302]
  const webhook = open()
  webhook.send(notice)
  await expect.poll(() => got, patient).toHaveLength(3)
  await webhook.close()
  expect(new Set(got.map(({ headers }) => headers['webhook-id'])).size).toBe(1)
  expect(logged).toEqual([])
})

test('what is never taken is lost, which the log says once, and those behind it come', async () => {
  statuses = [500, 500, 500]
  const webhook = open()
  webhook.send(notice)
  webhook.send({ ...notice, type: 'User' })
  await expect.poll(() => got, patient).toHaveLength(4)
  await webhook.close()
  expect(JSON.parse(got[3]!.body).data.type).toBe('User')
  expect(logged).toEqual(['Notices to NOTIFY_URL are lost: it answered 500.'])
})

test('of a hundred that wait new differences make room for a kill, which tells when it happened', async () => {
  const webhook = open([])
  const before = new Date().toISOString()
  for (let n = 0; n < 102; n++) webhook.send(notice)
  webhook.send({ ...notice, event: 'type.killed' })
  const after = new Date().toISOString()
  await expect.poll(() => got.length, patient).toBe(101)
  await webhook.close()
  const last = JSON.parse(got.at(-1)!.body)
  expect(last.type).toBe('type.killed')
  expect(last.timestamp >= before && last.timestamp <= after).toBe(true)
})

test('a hundred wait at most, and nothing waits once the gateway stops', async () => {
  statuses = [null]
  const webhook = open()
  for (let n = 0; n < 105; n++) webhook.send(notice)
  expect(logged).toEqual(['Notices to NOTIFY_URL are lost: too many others wait.'])
  await expect.poll(() => got, patient).toHaveLength(1)
  await webhook.close()
  webhook.send(notice)
  expect(got).toHaveLength(1)
})

test.each(['', 'abc', 'whsec_', `whsec_${Buffer.alloc(23).toString('base64')}`, 'whsec_!!!'])(
  'a secret of another form is refused: %s',
  (wrong) => {
    expect(() => new Webhook({ url, secret: wrong, log: () => undefined })).toThrow(
      'NOTIFY_SECRET must be whsec_ and 24 to 64 bytes in base64.',
    )
  },
)
