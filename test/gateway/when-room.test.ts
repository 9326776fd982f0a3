import type { ServerResponse } from 'node:http'
import { createSchema, createYoga } from 'graphql-yoga'
import { expect, test } from 'vitest'
import { limitsOf } from '../../src/gateway/limits.ts'
import { Refusals } from '../../src/gateway/refusals.ts'
import { Unread } from '../../src/gateway/unread.ts'
import { whenRoom } from '../../src/gateway/when-room.ts'

const silent = (): void => undefined
const unreadOf = (unreadBytes: number): Unread => new Unread({ unreadBytes, leastRate: 1, log: silent })

/** A stream of events of which one waits to be written. */
const stream = (): ServerResponse =>
  ({ headersSent: true, writableLength: 0, once: silent }) as unknown as ServerResponse

test('there is room for an answer until small events take it all', () => {
  const unread = unreadOf(10_000)
  expect(unread.isFull).toBe(false)
  expect([unread.take(stream(), 5_000), unread.isFull]).toEqual([true, false])
  expect([unread.take(stream(), 5_001), unread.isFull]).toEqual([false, false])
  expect([unread.take(stream(), 5_000), unread.isFull]).toEqual([true, true])
})

test('an event counts with what is not read of those before it', () => {
  const unread = unreadOf(10_000)
  const events = stream()
  expect(unread.take(events, 4_000)).toBe(true)
  Object.assign(events, { writableLength: 4_000 })
  expect(unread.take(events, 3_000)).toBe(true)
  expect(unread.take(stream(), 4_000)).toBe(false)
  expect(unread.take(stream(), 3_000)).toBe(true)
})

test('where there is no room nothing is run', async () => {
  const ran: string[] = []
  const typeDefs = 'type Query { read: Int } type Mutation { write: Int }'
  const resolvers = { Query: { read: () => void ran.push('read') }, Mutation: { write: () => void ran.push('write') } }
  const refusals = new Refusals(limitsOf({}), silent)
  const plugins = [whenRoom(refusals, { isFull: true } as Unread)]
  const yoga = createYoga({ schema: createSchema({ typeDefs, resolvers }), plugins, logging: false })
  for (const query of ['{ read }', 'mutation { write }']) {
    const headers = { 'content-type': 'application/json' }
    const response = await yoga.fetch('http://a/graphql', { method: 'POST', headers, body: JSON.stringify({ query }) })
    expect(response.status).toBe(503)
    expect(await response.json()).toEqual({
      errors: [
        {
          message: 'Too many answers wait for clients to read them (limits.unreadBytes). Try again later.',
          extensions: { code: 'TRY_AGAIN' },
        },
      ],
    })
  }
  expect(ran).toEqual([])
})
