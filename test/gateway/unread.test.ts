import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { type TextsServer, textsServer } from './texts-server.ts'

let server: TextsServer | undefined
const sockets: Socket[] = []
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy()
  server?.close()
})

function requestOf(query: string, accept = 'application/json'): string {
  const body = JSON.stringify({ query })
  const headers = ['Host: a', 'Content-Type: application/json', `Accept: ${accept}`, `Content-Length: ${body.length}`]
  return `POST /graphql HTTP/1.1\r\n${headers.join('\r\n')}\r\n\r\n${body}`
}

/** A client that reads nothing of what it is answered. */
function deaf(port: number, text: string): Socket {
  const socket = connect(port, '127.0.0.1').on('error', () => undefined)
  sockets.push(socket)
  socket.pause().write(text)
  return socket
}

async function ask(port: number, query: string): Promise<{ status: number; answer: unknown }> {
  const response = await fetch(`http://127.0.0.1:${port}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query }),
  })
  return { status: response.status, answer: await response.json() }
}

/** The machine may be busy. */
const patient = { timeout: 15_000, interval: 100 }

const large = '{ text(kb: 16000) }'
const noRoom = {
  message: 'Too many answers wait for clients to read them (limits.unreadBytes). Try again later.',
  extensions: { code: 'TRY_AGAIN' },
}

test('an answer is refused for which there is no room, and smaller ones find some', async () => {
  server = await textsServer({ unreadBytes: 30_000_000 })
  const { port, asked, logged } = server
  deaf(port, requestOf(large))
  await expect.poll(() => asked, patient).toHaveLength(1)
  expect(await ask(port, large)).toEqual({ status: 503, answer: { errors: [noRoom] } })
  expect(await ask(port, '{ text(kb: 3000) }')).toMatchObject({ status: 503 }) // there would be, and it is kept for smaller ones
  expect(await ask(port, '{ text(kb: 250) }')).toMatchObject({ status: 200 })
  expect(await ask(port, '{ text(kb: 1) }')).toMatchObject({
    status: 200,
    answer: { data: { text: 'x'.repeat(1_000) } },
  })
  expect(await ask(port, 'mutation { text(kb: 16000) }')).toEqual({
    status: 200,
    answer: {
      data: null,
      errors: [
        {
          message:
            'Too many answers wait for clients to read them (limits.unreadBytes). Look what it has written before repeating it.',
          extensions: { code: 'UNKNOWN_OUTCOME' },
        },
      ],
    },
  })
  expect(logged).toEqual(['limits.unreadBytes refuses an operation without a name: asked for more, allowed 30000000'])
})

test('large answers leave room for small ones, however many bytes they have', async () => {
  server = await textsServer({ unreadBytes: 10_000_000 })
  const { port, asked } = server
  deaf(port, requestOf('{ text(kb: 5000) }'))
  await expect.poll(() => asked, patient).toHaveLength(1)
  expect(await ask(port, '{ text(kb: 2000) }')).toEqual({ status: 503, answer: { errors: [noRoom] } })
  expect(await ask(port, 'mutation { text(kb: 1) }')).toMatchObject({ status: 200 })
})

test('a text that JSON writes with escapes counts as it is written', async () => {
  server = await textsServer({ unreadBytes: 40_000_000 })
  const { port } = server
  // 3 million characters, and six times as many bytes: two of them are more than large ones may take
  deaf(port, requestOf('{ text(kb: 3000, escaped: true) }'))
  await expect
    .poll(() => ask(port, '{ text(kb: 3000, escaped: true) }'), patient)
    .toEqual({ status: 503, answer: { errors: [noRoom] } })
  expect(await ask(port, '{ text(kb: 5000) }')).toMatchObject({ status: 200 })
})

test('what is read makes room', async () => {
  server = await textsServer({ unreadBytes: 30_000_000 })
  const { port, asked } = server
  const socket = deaf(port, requestOf(large))
  await expect.poll(() => asked, patient).toHaveLength(1)
  expect(await ask(port, large)).toMatchObject({ status: 503 })
  socket.on('data', () => undefined).resume()
  await expect.poll(() => ask(port, large), patient).toMatchObject({ status: 200 })
})

test('where there is no room, a client that has kept its answer for five seconds is cut off', async () => {
  server = await textsServer({ unreadBytes: 30_000_000 })
  const { port, asked } = server
  const socket = deaf(port, requestOf(large))
  const closed = new Promise<number>((resolve) => socket.once('close', () => resolve(performance.now())))
  await expect.poll(() => asked, patient).toHaveLength(1)
  await expect.poll(() => ask(port, large), patient).toMatchObject({ status: 200 })
  socket.resume()
  await closed
  expect(server.logged.length).toBeGreaterThan(0)
}, 20_000)

test('honest answers of middle size find room beside a client that reads none of its large ones', async () => {
  server = await textsServer({ unreadBytes: 40_200_000 })
  const { port, asked } = server
  deaf(port, requestOf(large))
  deaf(port, requestOf(large))
  await expect.poll(() => asked, patient).toHaveLength(2)
  for (let n = 0; n < 3; n++) expect(await ask(port, '{ text(kb: 200) }')).toMatchObject({ status: 200 })
})

test('of a stream that is not read two events are kept at most', async () => {
  server = await textsServer({ unreadBytes: 1_000_000_000 })
  const { port, events } = server
  deaf(port, requestOf('subscription { texts(kb: 16000) }', 'text/event-stream'))
  await expect.poll(events, patient).toBeGreaterThan(0)
  await sleep(300)
  expect(events()).toBeLessThan(5)
})

test('events of streams that are not read count', async () => {
  server = await textsServer({ unreadBytes: 50_000_000 })
  const { port, events } = server
  deaf(port, requestOf('subscription { texts(kb: 16000) }', 'text/event-stream'))
  await expect.poll(events, patient).toBeGreaterThan(1)
  // One is being sent, and one waits behind it
  expect(await ask(port, large)).toEqual({ status: 503, answer: { errors: [noRoom] } })
})

test('forty clients that read nothing do not fill the memory of the process', async () => {
  const program = new URL('./texts-server.ts', import.meta.url).pathname
  const flags = ['--conditions=@crossfade/source', '--max-old-space-size=128']
  const child = spawn(process.execPath, [...flags, program, '{}'], { stdio: ['ignore', 'pipe', 'ignore'] })
  try {
    const [line] = await once(child.stdout, 'data')
    const port = Number(String(line))
    for (let n = 0; n < 40; n++) deaf(port, requestOf(large).repeat(10))
    await expect.poll(() => ask(port, large), patient).toEqual({ status: 503, answer: { errors: [noRoom] } })
    expect(await ask(port, '{ text(kb: 1) }')).toMatchObject({ status: 200 })
    expect(child.exitCode).toBeNull()
  } finally {
    child.kill('SIGKILL')
  }
}, 60_000)
