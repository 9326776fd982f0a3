import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { Unread } from '../../src/gateway/unread.ts'

let server: Server | undefined
const sockets: Socket[] = []
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy()
  server?.closeAllConnections()
  server?.close()
})

const answer = Buffer.alloc(20_000_000, 'x')

/** A client that reads a part each so many milliseconds; 0: as fast as it can. */
function reading(port: number, pauseMs: number) {
  const socket = connect(port, '127.0.0.1').on('error', () => undefined)
  sockets.push(socket)
  let received = 0
  socket.on('data', (data) => {
    received += data.length
    if (pauseMs === 0) return
    socket.pause()
    setTimeout(() => socket.resume(), pauseMs)
  })
  socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  return { socket, received: () => received }
}

test('who reads an answer too slowly is cut off, though something moves, and the operator is told', async () => {
  const logged: string[] = []
  const log = (_: string, message: string) => void logged.push(message)
  const unread = new Unread({ unreadBytes: 1_000_000_000, leastRate: 20_000_000, log, graceMs: 500 })
  const ended: string[] = []
  const listening = createServer((request, response) => {
    request.socket.once('close', () => ended.push('slow'))
    expect(unread.take(response, answer.length)).toBe(true)
    response.end(answer)
  })
  server = listening
  await new Promise<void>((resolve) => void listening.listen(0, '127.0.0.1', resolve))
  const { port } = listening.address() as AddressInfo
  const fast = reading(port, 0)
  await expect.poll(fast.received, { timeout: 10_000 }).toBeGreaterThan(answer.length)
  const slow = reading(port, 100)
  await expect.poll(() => ended, { timeout: 10_000 }).toEqual(['slow'])
  expect(slow.received()).toBeLessThan(answer.length)
  expect(fast.socket.destroyed).toBe(false)
  expect(logged).toEqual(['limits.leastRate: a client was cut off that read less than 20000000 bytes a second'])
})
