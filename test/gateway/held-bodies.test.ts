import { createServer, type IncomingMessage } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { createSchema, type Plugin } from 'graphql-yoga'
import { afterEach, expect, test } from 'vitest'
import { HeldBodies } from '../../src/gateway/held-bodies.ts'
import { limitsOf } from '../../src/gateway/limits.ts'
import { createGateway } from '../../src/gateway/yoga.ts'
import { type TextsServer, textsServer } from './texts-server.ts'

let server: TextsServer | undefined
const sockets: Socket[] = []
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy()
  server?.close()
})

const head = (length: number): string =>
  `POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\n\r\n`

/** Sends the first part of a body, and never the rest. */
function half(port: number, bytes: number): Socket {
  const socket = connect(port, '127.0.0.1').on('error', () => undefined)
  sockets.push(socket)
  socket.resume().write(head(900_000) + ' '.repeat(bytes))
  return socket
}

async function send(
  port: number,
  length: number,
  query = '{ text(kb: 0) }',
): Promise<{ status: number; answer: unknown }> {
  const response = await fetch(`http://127.0.0.1:${port}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query }).padEnd(length),
  })
  return { status: response.status, answer: await response.json() }
}

/** A whole request of a client that reads only the beginning of what it is answered. */
function ask(port: number, query: string, length = 0) {
  const socket = connect(port, '127.0.0.1').on('error', () => undefined)
  sockets.push(socket)
  let received = ''
  socket.on('data', (data) => {
    received += data.toString().slice(0, 1_000)
    if (received.length > 1_000) socket.pause()
  })
  const body = JSON.stringify({ query }).padEnd(length)
  socket.write(head(body.length) + body)
  return { socket, received: () => received }
}

/** The machine may be busy. */
const patient = { timeout: 15_000, interval: 100 }

/** Of bytes that do not fit beside 700,000: little more than middle size, so that nothing stands in the way of a half that still comes. */
const justLarge = 270_000

const refused = {
  status: 503,
  answer: {
    errors: [
      {
        message: 'Too many requests with large bodies are under way (limits.requestBytes). Try again later.',
        extensions: { code: 'TRY_AGAIN' },
      },
    ],
  },
}
const answered = { status: 200, answer: { data: { text: '' } } }

test('bodies that have arrived in part count together, and smaller ones find room', async () => {
  server = await textsServer({ requestBytes: 1_600_000 })
  const { port } = server
  expect(await send(port, justLarge)).toEqual(answered)
  const socket = half(port, 700_000)
  await expect.poll(() => send(port, justLarge), patient).toEqual(refused)
  expect(await send(port, 250_000)).toEqual(answered)
  expect(await send(port, 1_000)).toEqual(answered)
  expect(server.logged).toEqual(['limits.requestBytes refuses a request: asked for more, allowed 1600000'])
  socket.destroy()
  await expect.poll(() => send(port, justLarge), patient).toEqual(answered)
})

test('where there is no room, a client that has not sent the rest for five seconds is cut off', async () => {
  server = await textsServer({ requestBytes: 1_600_000 })
  const { port } = server
  const socket = half(port, 700_000)
  const closed = new Promise((resolve) => socket.once('close', resolve))
  await expect.poll(() => send(port, justLarge), patient).toEqual(refused)
  await expect.poll(() => send(port, justLarge), patient).toEqual(answered)
  await closed
}, 20_000)

test('a body that comes in small parts counts as large as it is', async () => {
  server = await textsServer({ requestBytes: 1_000_000 })
  const { port } = server
  const socket = connect(port, '127.0.0.1')
    .setNoDelay()
    .on('error', () => undefined)
  sockets.push(socket)
  let received = ''
  socket.on('data', (data) => (received += data)).write(head(900_000))
  for (let part = 0; part < 110 && received === ''; part++) {
    socket.write(' '.repeat(8_000))
    await new Promise((resolve) => setImmediate(resolve))
  }
  await expect.poll(() => received, patient).toContain('503')
})

test('a whole body counts until its request is answered, and is not cut off', async () => {
  server = await textsServer({ requestBytes: 1_500_000 })
  const { port, answerLate, asked } = server
  const late = send(port, 700_000, '{ late }')
  await expect.poll(() => asked, patient).toEqual(['late'])
  expect(await send(port, 500_000)).toEqual(refused)
  await sleep(5_100)
  expect(await send(port, 500_000)).toEqual(refused)
  answerLate()
  expect(await late).toEqual({ status: 200, answer: { data: { late: 'at last' } } })
  await expect.poll(() => send(port, 500_000), patient).toEqual(answered)
}, 20_000)

test('a body counts no longer when its answer is made, however slowly that is read', async () => {
  server = await textsServer({ requestBytes: 1_600_000 })
  const { port } = server
  const { received } = ask(port, '{ text(kb: 16000) }', 700_000)
  await expect.poll(received, patient).toContain('200 OK')
  expect(await send(port, justLarge)).toEqual(answered)
})

test('a stream keeps of its body what it asks', async () => {
  server = await textsServer({ requestBytes: 1_600_000 })
  const { port } = server
  const { received } = ask(port, 'subscription { quiet }', 900_000)
  await expect.poll(received, patient).toContain('text/event-stream')
  expect(await send(port, justLarge)).toEqual(answered)
})

test.each([
  { requestBytes: 1_600_000, each: 300_000, other: justLarge },
  { requestBytes: 1_000, each: 300, other: 100 },
])('streams keep half of $requestBytes bytes at most, and leave the rest to queries', async (sizes) => {
  const { requestBytes, each, other } = sizes
  server = await textsServer({ requestBytes })
  const { port } = server
  const long = `subscription { quiet ${' '.repeat(each)} }`
  const first = ask(port, long)
  await expect.poll(first.received, patient).toContain('text/event-stream')
  const second = ask(port, long)
  await expect.poll(second.received, patient).toContain(refused.answer.errors[0]!.message)
  expect(second.received()).toContain('503')
  expect(await send(port, other)).toEqual(answered)
  first.socket.destroy()
  await expect
    .poll(async () => {
      const { received } = ask(port, long)
      await expect.poll(received).not.toBe('')
      return received()
    }, patient)
    .toContain('text/event-stream')
})

test('a stream finds no room where bodies take it', () => {
  const bodies = new HeldBodies(1_000_000)
  const [writing, listening] = [{}, {}] as IncomingMessage[]
  const params = { query: ' '.repeat(270_000) }
  expect(bodies.keep(writing!, 500_000, true)).toBe(true)
  expect(bodies.keepOfStream(listening!, params)).toBe(false)
  bodies.release(writing!)
  expect(bodies.keepOfStream(listening!, params)).toBe(true)
})

test('what a request asked is let go before its answer is read', async () => {
  const kept: unknown[] = []
  const limits = limitsOf({})
  const routing = { limits, answer: () => Promise.reject(new Error('there is no store')), log: () => undefined }
  const schema = createSchema({ typeDefs: 'type Query { text: String }' })
  const plugin: Plugin = { onResponse: ({ serverContext }) => void kept.push(Reflect.get(serverContext!, 'params')) }
  const config = { schema, entities: [], migrations: {}, plugins: [plugin] }
  const listening = createServer(createGateway({ config, routing, limits }))
  await new Promise<void>((resolve) => void listening.listen(0, '127.0.0.1', resolve))
  const { status } = await send((listening.address() as AddressInfo).port, 0, '{ text }')
  expect([status, kept]).toEqual([200, [undefined]])
  listening.closeAllConnections()
  listening.close()
})
