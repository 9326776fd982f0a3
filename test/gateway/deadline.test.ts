import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type ExecutionArgs, GraphQLError, GraphQLInt, GraphQLNonNull, GraphQLObjectType, GraphQLSchema } from 'graphql'
import { createYoga } from 'graphql-yoga'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { deadline, type Ends, endsWith, waitOf, within } from '../../src/gateway/deadline.ts'
import { limitsOf } from '../../src/gateway/limits.ts'
import { maskError } from '../../src/gateway/mask-error.ts'
import { Refusals } from '../../src/gateway/refusals.ts'

const ended: unknown[] = []

/** Waits for ever, and ends with the request. */
const untilAborted = (_: unknown, __: unknown, { ends }: Ends): Promise<never> =>
  new Promise((_resolve, reject) => {
    ends.signal.addEventListener('abort', () => {
      ended.push(ends.signal.reason)
      reject(ends.signal.reason)
    })
  })

const forEver = (): Promise<never> => new Promise(() => undefined)
const field = (resolve: (...args: never[]) => unknown) => ({ type: GraphQLInt, resolve: resolve as never })

const schema = new GraphQLSchema({
  query: new GraphQLObjectType({
    name: 'Query',
    fields: {
      one: field(() => 1),
      slow: field(untilAborted),
      stuck: field(forEver),
      fails: { type: new GraphQLNonNull(GraphQLInt), resolve: async () => null },
    },
  }),
  mutation: new GraphQLObjectType({ name: 'Mutation', fields: { stuck: field(forEver) } }),
})

let server: Server
let url: string
beforeAll(async () => {
  const yoga = createYoga({
    schema,
    logging: false,
    context: ({ request }): Ends => ({ ends: endsWith(request) }),
    maskedErrors: { maskError: maskError(() => undefined, new Refusals(limitsOf({}), () => undefined)) },
    plugins: [deadline(200)],
  })
  server = createServer(yoga)
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`
})
afterAll(() => server.closeAllConnections())

async function ask(query: string, signal?: AbortSignal): Promise<unknown> {
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(url, {
    method: 'POST',
    headers,
    body: JSON.stringify({ query }),
    signal: signal ?? null,
  })
  return response.json()
}

const error = (code: string, message: string) =>
  expect.objectContaining({ message, extensions: expect.objectContaining({ code }) })
const over = error('UNAVAILABLE', 'The request took longer than 0.2 s (limits.answerMs); ask for less.')

test('what is ended says so, and what was answered before is answered', async () => {
  expect(await ask('{ one slow }')).toEqual({ data: { one: 1, slow: null }, errors: [over] })
})

test('a query that goes on all the same is answered without it', async () => {
  expect(await ask('{ one stuck }')).toEqual({ errors: [over] })
})

test('a mutation that goes on all the same may have written', async () => {
  const text = 'The request took longer than 0.2 s (limits.answerMs); look what it has written before repeating it.'
  expect(await ask('mutation { stuck }')).toEqual({ errors: [error('UNKNOWN_OUTCOME', text)] })
})

test.each([
  [25_000, 21_000],
  [200, 160],
])('of %i ms a write waits %i for its turn at most, and has the rest to be carried out', (answerMs, waitMs) => {
  expect(waitOf(answerMs)).toBe(waitMs)
})

test('what a client has asked that has left meanwhile is not begun', async () => {
  const ends = new AbortController()
  ends.abort()
  const begun = within(200, () => {
    throw new Error('it was begun')
  })
  const result = await begun({ contextValue: { ends } } as ExecutionArgs)
  expect(result).toMatchObject({ errors: [{ message: 'The client has left.' }] })
})

test('a client that leaves ends what was asked for it', async () => {
  ended.length = 0
  const leaves = new AbortController()
  const answer = ask('{ slow }', leaves.signal).catch((fault: unknown) => fault)
  setTimeout(() => leaves.abort(), 50)
  expect(await answer).toMatchObject({ name: 'AbortError' })
  await expect.poll(() => ended).toEqual([expect.objectContaining({ message: 'The client has left.' })])
  expect(ended[0]).not.toBeInstanceOf(GraphQLError)
})

test('what is asked beside a field whose failure ends the answer is ended with it', async () => {
  ended.length = 0
  expect(await ask('{ slow fails }')).toMatchObject({ data: null })
  expect(ended).toMatchObject([{ code: 'UNAVAILABLE', message: 'The request is answered.' }])
})
