import { createServer, type Server, type ServerResponse } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { createSchema } from 'graphql-yoga'
import { afterEach, expect, test } from 'vitest'
import { limitsOf } from '../../src/gateway/limits.ts'
import { createGateway } from '../../src/gateway/yoga.ts'

let server: Server | undefined
let client: Socket | undefined
afterEach(() => {
  client?.destroy()
  server?.closeAllConnections()
  server?.close()
})

async function answering(text: string) {
  const typeDefs = 'type Query { text: String }'
  const schema = createSchema({ typeDefs, resolvers: { Query: { text: () => text } } })
  const limits = limitsOf({ answerBytes: 50_000_000 })
  const routing = { limits, answer: () => Promise.reject(new Error('there is no store')), log: () => undefined }
  const graphql = createGateway({ config: { schema, entities: [], migrations: {} }, routing, limits })
  const responses: ServerResponse[] = []
  const listening = createServer((request, response) => {
    responses.push(response)
    void graphql(request, response)
  })
  server = listening
  await new Promise<void>((resolve) => void listening.listen(0, '127.0.0.1', resolve))
  return { port: (listening.address() as AddressInfo).port, responses }
}

test('what is not read of a large answer is told in bytes, not in characters', async () => {
  const { port, responses } = await answering('ж'.repeat(10_000_000))
  client = connect(port, '127.0.0.1').on('error', () => undefined)
  client.pause().write('GET /graphql?query={text} HTTP/1.1\r\nHost: a\r\n\r\n')
  await expect.poll(() => responses[0]?.writableLength, { timeout: 10_000 }).toBeGreaterThan(20_000_000)
})

test.each([10, 10_000])('a text of %i characters that are no ASCII arrives as it is', async (length) => {
  const text = 'ж€😀'.repeat(length / 2)
  const { port } = await answering(text)
  const response = await fetch(`http://127.0.0.1:${port}/graphql?query={text}`)
  expect(response.headers.get('content-length')).toBe(`${'{"data":{"text":""}}'.length + (length / 2) * 9}`)
  expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8')
  expect(await response.json()).toEqual({ data: { text } })
})
