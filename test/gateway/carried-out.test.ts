import { makeExecutableSchema } from '@graphql-tools/schema'
import {
  defineEntity,
  everything,
  type GatewayContext,
  independent,
  int,
  load,
  loadConnection,
  text,
  write,
} from 'crossfade'
import { GraphQLError, type GraphQLResolveInfo } from 'graphql'
import { type Document, MongoNetworkError } from 'mongodb'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import type { Entity } from '../../src/entity/entity.ts'
import { CrossfadeError } from '../../src/util/errors.ts'
import { openAppGateway, type SmallGateway } from '../support/small-gateway.ts'

const Shelf = defineEntity('Shelf', { mongo: 'shelves', postgres: 'shelves', id: int(), fields: { name: text() } })
const Book = defineEntity('Book', {
  mongo: 'books',
  postgres: 'books',
  id: int(),
  fields: { title: text(), shelf: int() },
})

const typeDefs = `
  type Query { shelf(id: ID!): Shelf }
  type Shelf { id: ID! name: String books(first: Int): Books other: Shelf own: String }
  type Books { edges: [BookEdge] }
  type BookEdge { node: Book }
  type Book { id: ID! title: String }
  type Mutation { add(id: Int!): Shelf! fail: Shelf shelves: Shelves }
  type Shelves { add(id: Int!): Shelf }`

type Resolve = (
  parent: unknown,
  args: { id: number; first?: number },
  context: GatewayContext,
  info: GraphQLResolveInfo,
) => unknown

/** What follows behind the write in the resolver itself. */
let afterwards = async (): Promise<void> => undefined
const add: Resolve = async (_, { id }, context, info) => {
  const shelf = await write(context, info, (tx) => tx.of(Shelf).create({ name: `shelf ${id}` }, id))
  await afterwards()
  return shelf
}
let step = async (): Promise<void> => undefined
const byHand = (resolve: Resolve) => ({ extensions: { needs: [] }, resolve })
const resolvers = {
  Query: { shelf: ((_, { id }, context, info) => load(context, info, Shelf, id)) as Resolve },
  Shelf: {
    books: byHand((_, { first }, context, info) => loadConnection(context, info, Book, everything, [], { first })),
    other: byHand((_, __, context, info) => load(context, info, Shelf, 1)),
    own: byHand(() => {
      throw new GraphQLError('of the app', { extensions: { code: 'TRY_AGAIN' } })
    }),
  },
  Mutation: {
    add: { extensions: { writes: independent(Shelf, Book) }, resolve: add },
    fail: {
      extensions: { writes: independent(Shelf, Book) },
      resolve: ((_, __, context, info) =>
        write(context, info, async (tx) => {
          await step()
          await tx.of(Shelf).create({ name: 'first' }, 50)
          await step()
          await tx.of(Book).patch(1, { title: 'second' })
          return tx.of(Shelf).patch(50, { name: 'third' })
        })) as Resolve,
    },
    shelves: () => ({}),
  },
  Shelves: { add: { extensions: { writes: independent(Shelf, Book) }, resolve: add } },
}

let api: SmallGateway
let isDown = false
beforeAll(async () => {
  const documents = new Map<Entity, Document[]>([
    [Shelf, [{ _id: 1, name: 'one' }]],
    [Book, [{ _id: 1, title: 'a', shelf: 1 }]],
  ])
  const app = { schema: makeExecutableSchema({ typeDefs, resolvers }), entities: [Shelf, Book], migrations: {} }
  api = await openAppGateway(app as never, documents, {
    replace: (stores) => {
      const { reader } = stores.mongo
      const byIds: typeof reader.byIds = (...asked) =>
        isDown ? Promise.reject(new MongoNetworkError('gone')) : reader.byIds(...asked)
      return { ...stores, mongo: { ...stores.mongo, reader: { ...reader, byIds } } }
    },
  })
})
afterEach(() => {
  isDown = false
  afterwards = async () => undefined
  step = async () => undefined
  vi.restoreAllMocks()
})
afterAll(() => api?.close())

const made = (id: number) => api.stores.mongo.connection.collection(Shelf).countDocuments({ _id: id } as never)
const unread = 'The mutation was carried out, and this part of its answer could not be read'

describe('What fails behind a write that was made', () => {
  test('is told so, and not to be tried again, where the store fails', async () => {
    isDown = true
    expect(await api.ask('mutation { add(id: 10) { id other { name } } }')).toMatchObject({
      data: { add: { id: '10', other: null } },
      errors: [
        {
          message: `${unread}. Ask for it by a query.`,
          path: ['add', 'other'],
          extensions: { code: 'UNKNOWN_OUTCOME' },
        },
      ],
    })
    expect(await made(10)).toBe(1)
  })

  test('is told so with the mistake, where the client asks for what there is not', async () => {
    expect(await api.ask('mutation { add(id: 11) { id books(first: -1) { edges { node { id } } } } }')).toMatchObject({
      errors: [
        {
          message: expect.stringMatching(/could not be read: .*first.*\. Ask for it by a query\.$/),
          path: ['add', 'books'],
          extensions: { code: 'UNKNOWN_OUTCOME' },
        },
      ],
    })
    expect(await made(11)).toBe(1)
  })

  test('is told so where the resolver itself fails behind it, or stands below another field', async () => {
    afterwards = () => Promise.reject(new CrossfadeError('TRY_AGAIN', 'Later.'))
    for (const [query, path] of [
      ['mutation { add(id: 12) { id } }', ['add']],
      ['mutation { shelves { add(id: 13) { id } } }', ['shelves', 'add']],
    ] as const)
      expect(await api.ask(query)).toMatchObject({ errors: [{ path, extensions: { code: 'UNKNOWN_OUTCOME' } }] })
    expect([await made(12), await made(13)]).toEqual([1, 1])
  })

  test('is left alone where the app says what it means, or nothing was written at that place', async () => {
    expect(await api.ask('mutation { add(id: 14) { own } }')).toMatchObject({
      errors: [{ message: 'of the app', extensions: { code: 'TRY_AGAIN' } }],
    })
    const twice = await api.ask('mutation { a: add(id: 15) { id } b: add(id: 15) { id } }')
    expect(twice).toMatchObject({ errors: [{ path: ['b'], extensions: { code: 'CONFLICT' } }] })
    isDown = true
    expect(await api.ask('{ shelf(id: 1) { id } }')).toMatchObject({ data: { shelf: { id: '1' } } })
  })
})

describe('A mutation of two types, of which one may not be written any more', () => {
  const lose = (type: string) => {
    const { flags } = api.gateway.routing
    const { mayGoOn } = flags
    vi.spyOn(flags, 'mayGoOn').mockImplementation((flag) => flag.type !== type && mayGoOn.call(flags, flag))
  }

  test('begins nothing', async () => {
    step = async () => lose('Book')
    expect(await api.ask('mutation { fail { id } }')).toMatchObject({ errors: [{ extensions: { code: 'TRY_AGAIN' } }] })
    expect(await made(50)).toBe(0)
  })

  test('goes on with the other behind its first step, and says that it is not whole', async () => {
    let steps = 0
    step = async () => {
      if (++steps === 2) lose('Shelf')
    }
    expect(await api.ask('mutation { fail { id } }')).toMatchObject({
      errors: [{ extensions: { code: 'UNKNOWN_OUTCOME' } }],
    })
    const book = await api.stores.mongo.connection.collection(Book).findOne({ _id: 1 } as never)
    const shelf = await api.stores.mongo.connection.collection(Shelf).findOne({ _id: 50 } as never)
    expect([book?.['title'], shelf?.['name']]).toEqual(['second', 'first'])
  })
})
