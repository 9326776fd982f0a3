import { makeExecutableSchema } from '@graphql-tools/schema'
import { defineEntity, everything, type GatewayContext, int, load, loadConnection, reading, text } from 'crossfade'
import { connection, createBuilder, entityType } from 'crossfade/pothos'
import { execute, type GraphQLResolveInfo, parse } from 'graphql'
import type { Document } from 'mongodb'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { limitsOf } from '../../src/gateway/limits.ts'
import { storeView } from '../../src/gateway/store-view.ts'
import { openAppGateway, type SmallGateway } from '../support/small-gateway.ts'

const Job = defineEntity('Job', {
  mongo: 'jobs',
  postgres: 'jobs',
  id: int(),
  fields: { title: text(), place: text() },
})
const entities = [Job]

const isSaved = reading(
  Job,
  [],
  async ({ id }, _: object, context, info) =>
    (await load(context, info, Job, id + 100, { reading: ['title'] })) !== null,
)
/** Fails before the answer is made. */
const fails = reading(
  Job,
  [],
  async (_, __: object, context, info) => (await load(context, info, Job, 'no id', { reading: ['title'] })) !== null,
)
/** Throws at once where there is no title. */
const titleLength = reading(Job, ['title'], ({ title }) => title!.length)
/** Is null where there is none. */
const initial = reading(Job, ['title'], ({ title }) => title?.[0] as string)

const schema = makeExecutableSchema({
  typeDefs: /* GraphQL */ `
    type Job {
      title: String!
      place: String!
      titleLength: Int!
      initial: String!
      isSaved: Boolean!
      fails: Boolean!
    }
    type Query {
      jobs: [Job!]!
    }
  `,
  resolvers: {
    Job: {
      titleLength,
      initial,
      isSaved,
      fails,
      // The team's own, which throws at once
      place({ id }: { readonly id: number }) {
        if (id === 2) throw new Error('nowhere')
        return 'here'
      },
    },
    Query: {
      jobs: async (_: unknown, __: unknown, context: GatewayContext, info: GraphQLResolveInfo) =>
        (await loadConnection(context, info, Job, everything, [], { first: 10 })).nodes(),
    },
  },
})
/** The second has no title, which ends the list while the first is still asked for. */
const documents = [{ _id: 1, title: 'a' }, { _id: 2 }, { _id: 3, title: 'c' }] as unknown as Document[]
const query = '{ jobs { place isSaved } }'

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

const refused = { data: null, errors: [{ path: ['jobs', 1, 'place'] }] }

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

describe.each(['title', 'titleLength', 'initial'])('a record without what %s is made of', (field) => {
  test('leaves nothing behind that fails before the answer', async () => {
    const asked = `{ jobs { ${field} fails } }`
    expect(await api.ask(asked)).toMatchObject({ data: null })
    await afterwards()
    expect(lost.map(String)).toEqual([])
  })
})

test('nor does one of the kit’s types', async () => {
  const builder = createBuilder()
  const JobType = entityType(builder, Job, { fields: { title: { nullable: false } } })
  builder.objectFields(JobType, (t) => ({ fails: t.boolean({ nullable: false, ...fails }) }))
  builder.queryType({ fields: (t) => ({ jobs: connection(t, Job) }) })
  const own = await openAppGateway(
    { schema: builder.toSchema(), entities, migrations: {} },
    new Map([[Job, documents]]),
  )
  try {
    expect(await own.ask('{ jobs { edges { node { title fails } } } }')).toMatchObject({ data: null })
    await own.ask('{ jobs { edges { node { id } } } }')
    expect(lost.map(String)).toEqual([])
  } finally {
    await own.close()
  }
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
