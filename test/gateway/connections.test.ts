import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { type HttpServerOptions, httpServer } from '../../src/gateway/http-server.ts'
import { limitsOf } from '../../src/gateway/limits.ts'

let server: Server | undefined
let client: Socket | undefined
afterEach(() => {
  client?.destroy()
  server?.closeAllConnections()
  server?.close()
})

/** A server with answers of its own on a real port, and a client of it. */
async function connected(answerMs: number, graphql: (request: IncomingMessage, response: ServerResponse) => void) {
  const readiness = { problems: async () => [] } as unknown as HttpServerOptions['readiness']
  const listening = httpServer({ limits: limitsOf({ answerMs }), readiness, path: '/graphql', graphql })
  server = listening
  await new Promise<void>((resolve) => void listening.listen(0, '127.0.0.1', resolve))
  client = connect((listening.address() as AddressInfo).port, '127.0.0.1')
  return client.on('error', () => undefined)
}

const ask = 'GET /graphql HTTP/1.1\r\nHost: a\r\n\r\n'

test('a client that reads no answer is hung up, and one that reads slowly is not', async () => {
  const large = Buffer.alloc(50_000_000, 'x')
  const gone: string[] = []
  const socket = await connected(200, (request, response) => {
    request.socket.once('close', () => gone.push(request.url!))
    response.end(large)
  })
  socket.pause().write(ask)
  const slow = connect((server!.address() as AddressInfo).port, '127.0.0.1')
  let read = 0
  slow.on('data', (data) => {
    read += data.length
    slow.pause()
    setTimeout(() => slow.resume(), 2)
  })
  slow.write(ask.replace('/graphql', '/slow'))
  await expect.poll(() => gone, { timeout: 20_000 }).toContain('/graphql')
  await expect.poll(() => read, { timeout: 60_000 }).toBeGreaterThan(large.length)
  slow.destroy()
})

test('what was asked over a connection that has ended meanwhile is not worked out', async () => {
  const asked: string[] = []
  const socket = await connected(200, (request, response) => {
    asked.push(request.url!)
    response.end('answered')
  })
  socket.end(ask)
  await new Promise((resolve) => socket.resume().once('close', resolve))
  const other = connect((server!.address() as AddressInfo).port, '127.0.0.1')
  let received = ''
  other.on('data', (data) => (received += data)).write(ask.replace('/graphql', '/other'))
  await expect.poll(() => received).toContain('answered')
  other.write(ask.replace('/graphql', '/again'))
  await expect.poll(() => asked).toEqual(['/other', '/again'])
  other.destroy()
})

test('a connection stands still as long as its answer may take', async () => {
  const socket = await connected(1_500, async (_, response) => {
    await sleep(1_900)
    response.end('late')
  })
  let received = ''
  socket.on('data', (data) => (received += data)).write(ask)
  await expect.poll(() => received, { timeout: 10_000 }).toContain('late')
})

test.each([11, 12, 4_000])('of %i requests at once ten are answered, and the connection ends', async (count) => {
  const begun: ServerResponse[] = []
  const socket = await connected(30_000, (_, response) => void begun.push(response))
  let received = ''
  const closed = new Promise((resolve) => socket.on('data', (data) => (received += data)).once('close', resolve))
  socket.write(ask.repeat(count))
  for (let next = 0; next < 10; next++) {
    await expect.poll(() => begun.length).toBe(next + 1)
    begun[next]!.end('<ok>')
  }
  await closed
  expect(begun).toHaveLength(10)
  expect(received.split('<ok>')).toHaveLength(11)
  const last = received.slice(received.indexOf('HTTP/1.1 503'))
  expect(last).toMatch(/\r\nconnection: close\r\n/i)
  expect(last).toContain('The connection has 10 requests that are not answered yet. Wait for answers.')
  expect(last.split('HTTP/1.1 ')).toHaveLength(2)
})

test('the next request of a connection begins when the answer before it was read', async () => {
  const begun: string[] = []
  const socket = await connected(30_000, (request, response) => {
    begun.push(request.url!)
    response.end(Buffer.alloc(20_000_000, 'x'))
  })
  socket.pause().write(ask.replace('/graphql', '/first') + ask + ask)
  await expect.poll(() => begun).toEqual(['/first'])
  await sleep(50)
  expect(begun).toEqual(['/first'])
  socket.on('data', () => undefined).resume()
  await expect.poll(() => begun, { timeout: 10_000 }).toEqual(['/first', '/graphql', '/graphql'])
})

test('what is refused between two requests does not let a third begin beside the second', async () => {
  const begun: ServerResponse[] = []
  const socket = await connected(30_000, (_, response) => void begun.push(response))
  const refused = 'POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\n{}'
  let received = ''
  socket.on('data', (data) => (received += data)).write(ask + refused + refused + ask + ask)
  await expect.poll(() => begun.length).toBe(1)
  begun[0]!.end('first')
  await expect.poll(() => received.split('HTTP/1.1 415')).toHaveLength(3)
  await expect.poll(() => begun.length).toBe(2)
  begun[1]!.end('second')
  await expect.poll(() => begun.length).toBe(3)
  begun[2]!.end('third')
  await expect.poll(() => received).toContain('third')
})

test('a request that waits is not begun where its client leaves', async () => {
  const begun: ServerResponse[] = []
  const socket = await connected(30_000, (_, response) => void begun.push(response))
  socket.write(ask + ask)
  await expect.poll(() => begun.length).toBe(1)
  const closed = new Promise((resolve) => begun[0]!.once('close', resolve))
  socket.destroy()
  await closed
  expect(begun).toHaveLength(1)
})

test('any number of requests are answered, each ten of them at once', async () => {
  const socket = await connected(30_000, (_, response) => void response.end('<ok>'))
  let received = ''
  socket.on('data', (data) => (received += data))
  for (let round = 1; round <= 5; round++) {
    socket.write(ask.repeat(10))
    await expect.poll(() => received.split('<ok>').length).toBe(1 + 10 * round)
  }
  expect(received).not.toContain('503')
})
