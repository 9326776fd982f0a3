import { makeExecutableSchema } from '@graphql-tools/schema'
import { defineEntity, everything, type GatewayContext, int, load, loadConnection, reading, text } from 'crossfade'
import { execute, type GraphQLResolveInfo, parse } from 'graphql'
import type { Document } from 'mongodb'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { limitsOf } from '../../src/gateway/limits.ts'
import { storeView } from '../../src/gateway/store-view.ts'
import { openAppGateway, type SmallGateway } from '../support/small-gateway.ts'

const Job = defineEntity('Job', { mongo: 'jobs', postgres: 'jobs', id: int(), fields: { title: text() } })
const entities = [Job]

const schema = makeExecutableSchema({
  typeDefs: /* GraphQL */ `
    type Job {
      title: String!
      isSaved: Boolean!
    }
    type Query {
      jobs: [Job!]!
    }
  `,
  resolvers: {
    Job: {
      isSaved: reading(
        Job,
        [],
        async ({ id }, _: unknown, context: GatewayContext, info) =>
          (await load(context, info, Job, id + 100, { reading: ['title'] })) !== null,
      ),
    },
    Query: {
      jobs: async (_: unknown, __: unknown, context: GatewayContext, info: GraphQLResolveInfo) =>
        (await loadConnection(context, info, Job, everything, [], { first: 10 })).nodes(),
    },
  },
})
/** The second has no title, which ends the list while the first is still asked for. */
const documents = [{ _id: 1, title: 'a' }, { _id: 2 }, { _id: 3, title: 'c' }] as unknown as Document[]
const query = '{ jobs { title isSaved } }'

let api: SmallGateway
beforeAll(async () => {
  api = await openAppGateway({ schema, entities, migrations: {} }, new Map([[Job, documents]]))
}, 60_000)
afterAll(() => api?.close())

const lost: unknown[] = []
const note = (error: unknown): void => void lost.push(error)
beforeEach(() => {
  lost.length = 0
  process.on('unhandledRejection', note)
})
afterEach(() => {
  process.off('unhandledRejection', note)
})

const refused = { data: null, errors: [{ path: ['jobs', 1, 'title'] }] }

/** What was left behind has ended as well: the stores have answered another request since. */
async function afterwards(): Promise<void> {
  for (let n = 0; n < 3; n++) await api.ask('{ __typename jobs { isSaved } }')
}

test('a field that ends an answer leaves no promise behind that fails', async () => {
  expect(await api.ask(query)).toMatchObject(refused)
  await afterwards()
  expect(lost.map(String)).toEqual([])
})

test('nor does it where a recorded operation is asked again', async () => {
  const config = { schema, entities, migrations: {} }
  const options = { config, stores: api.stores, limits: limitsOf({}), log: () => undefined, isKept: () => true }
  const view = storeView(options, 'postgres')
  const { data } = await view.ask({ name: null, query, variables: {} } as Parameters<typeof view.ask>[0])
  expect(data).toBeNull()
  await afterwards()
  expect(lost).toEqual([])
})

test('graphql-js does leave them behind', async () => {
  const bare = makeExecutableSchema({
    typeDefs: 'type Job { title: String! slow: Int! } type Query { jobs: [Job!]! }',
    resolvers: {
      Job: {
        slow: async () => {
          await new Promise((done) => setTimeout(done, 10))
          throw new Error('nobody hears of it')
        },
      },
      Query: { jobs: () => [{ title: 'a' }, {}] },
    },
  })
  expect(await execute({ schema: bare, document: parse('{ jobs { title slow } }') })).toMatchObject({ data: null })
  await expect.poll(() => lost.length, { timeout: 20_000 }).toBe(1)
})
