import { buildSchema, type GraphQLResolveInfo, graphql } from 'graphql'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { withStale } from '../../src/gateway/stale-reads.ts'
import { type GatewayContext, sessionOf } from '../../src/resolve/context.ts'
import { FailOvers } from '../../src/routing/fail-overs.ts'
import type { Read } from '../../src/routing/read.ts'
import { StoreSilent } from '../../src/stores/failure.ts'
import { Account } from '../support/account.ts'
import { answerOf, routingOf } from '../support/reads-in.ts'
import { openStores, type TestStores } from '../support/stores.ts'

let stores: TestStores
beforeAll(async () => {
  stores = await openStores([Account])
})
afterAll(() => stores.close())

const schema = buildSchema('type Query { from: String }')

const failing: Read<string>['ask'] = async ({ origin }) => {
  if (origin === 'mongo') throw new StoreSilent(origin)
  return origin
}

/** What a client gets of a mirror that nobody has looked at, and what the log says. */
async function answered(tellStale: boolean): Promise<{ answer: unknown; logged: string[] }> {
  const logged: string[] = []
  const failOvers = new FailOvers((_level, message) => logged.push(message), tellStale)
  const sweeper = { lagMs: () => Number.POSITIVE_INFINITY }
  const routing = routingOf({ stage: 'shadow' }, { stores, sweeper, failOvers })
  const contextValue: GatewayContext = { routing, subject: () => '' }
  const from = (_: object, context: GatewayContext, info: GraphQLResolveInfo) =>
    answerOf(sessionOf(context, info).reads as Parameters<typeof answerOf>[0], failing)
  const result = await graphql({ schema, source: '{ from }', rootValue: { from }, contextValue })
  return { answer: withStale(contextValue, result), logged }
}

test('an answer that may lack the last writes says so', async () => {
  const { answer, logged } = await answered(true)
  const extensions = { crossfade: { stale: { Account: { asOf: null } } } }
  expect(answer).toEqual({ data: { from: 'postgres' }, extensions })
  expect(logged).toContain('Answers of Account are of an unknown age, and say so')
})

test('with tellStale: false it has no extensions, and the log says that nothing is said', async () => {
  const { answer, logged } = await answered(false)
  expect(Object.keys(answer as object)).toEqual(['data'])
  expect(logged).toContain('Answers of Account are of an unknown age, and do not say so (`tellStale` is false)')
})
