import { makeExecutableSchema } from '@graphql-tools/schema'
import { defineEntity, everything, type GatewayContext, int, load, loadConnection, objectId, text } from 'crossfade'
import type { GraphQLResolveInfo } from 'graphql'
import { ObjectId } from 'mongodb'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openAppGateway, type SmallGateway } from '../support/small-gateway.ts'

const Book = defineEntity('Book', {
  mongo: 'books',
  postgres: 'books',
  id: objectId(),
  fields: { title: text(), year: int() },
})
/** No type of the schema shows it. */
const Hidden = defineEntity('Hidden', { mongo: 'hidden', postgres: 'hidden', id: objectId(), fields: { word: text() } })

const typeDefs = `
  interface Node { id: ID! }
  union Found = Book | Nothing
  type Nothing { why: String }
  type Book implements Node { id: ID! title: String year: Int }
  type Shelf { books: [Book!]! pages: Pages }
  type Pages { hasNextPage: Boolean! }
  type Counted { totalCount: Int! }
  type Bag { book: Book }
  type Basket { shelf: Books }
  type Books implements Counts { edges: [BookEdge!]! pageInfo: Pages totalCount: Int! nodes: [Book!]! }
  interface Counts { totalCount: Int! }
  union Result = Books | Nothing
  type BookEdge { node: Book! }
  type Query {
    node(id: ID!): Node
    found: [Found!]!
    list: [Book!]!
    shelf: Shelf!
    counted: Counted!
    count: Int!
    titles: [String]
    titlesByName: [String]
    bag: Bag
    openBag: Bag
    basket: Basket
    result: Result
    counts: Counts
    title: String
    titleByName: String
    hidden: String
  }`

type Resolve = (parent: unknown, args: { id: string }, context: GatewayContext, info: GraphQLResolveInfo) => unknown

const id = '0000000000000000000000a1'
const byYear = [{ path: 'year', direction: 'asc' }] as const
const books = (context: GatewayContext, info: GraphQLResolveInfo, options?: { at: string }) =>
  loadConnection(context, info, Book, everything, byYear, { first: 2 }, options)
const titled = (context: GatewayContext, info: GraphQLResolveInfo) =>
  loadConnection(context, info, Book, everything, byYear, { first: 2 }, { reading: ['title'] })

const Query: Record<string, Resolve> = {
  node: (_, args, context, info) => load(context, info, Book, args.id),
  found: async (_, __, context, info) => (await books(context, info)).nodes(),
  list: async (_, __, context, info) => (await books(context, info)).nodes(),
  shelf: async (_, __, context, info) => {
    const { nodes, pageInfo } = await books(context, info)
    return { books: nodes, pages: pageInfo }
  },
  counted: (_, __, context, info) => books(context, info),
  count: async (_, __, context, info) => (await books(context, info)).totalCount(),
  titles: async (_, __, context, info) => (await books(context, info)).nodes().map(({ id }) => id),
  titlesByName: async (_, __, context, info) => (await titled(context, info)).nodes().map(({ title }) => title),
  bag: async (_, __, context, info) => ({ book: await load(context, info, Book, id) }),
  openBag: async (_, __, context, info) => ({ book: await load(context, info, Book, id, { at: 'book' }) }),
  result: async (_, __, context, info) => ({ __typename: 'Books', ...(await books(context, info)) }),
  counts: async (_, __, context, info) => ({ __typename: 'Books', ...(await books(context, info)) }),
  basket: async (_, __, context, info) => ({ shelf: await books(context, info, { at: 'shelf' }) }),
  title: async (_, __, context, info) => (await load(context, info, Book, id))?.id,
  titleByName: async (_, __, context, info) => (await load(context, info, Book, id, { reading: ['title'] }))?.title,
  hidden: async (_, __, context, info) => (await load(context, info, Hidden, id, { reading: ['word'] }))?.word,
}

const schema = makeExecutableSchema({
  typeDefs,
  resolvers: { Query, Node: { __resolveType: () => 'Book' }, Found: { __resolveType: () => 'Book' } } as never,
})

const logged: string[] = []
let api: SmallGateway
beforeAll(async () => {
  const documents = [
    { _id: new ObjectId(id), title: 'First', year: 1990 },
    { _id: new ObjectId('0000000000000000000000a2'), title: 'Third', year: 2010 },
    { _id: new ObjectId('0000000000000000000000a3'), title: 'Second', year: 2000 },
  ]
  const config = { schema, entities: [Book, Hidden], migrations: {} }
  api = await openAppGateway(config, new Map([[Book, documents]]), {
    log: (_level, message) => logged.push(message),
  })
})
afterAll(() => api?.close())

const [first, second] = [
  { title: 'First', year: 1990 },
  { title: 'Second', year: 2000 },
]

describe.each(['shadow', 'live'] as const)('in %s', (stage) => {
  beforeAll(() => api.setStage(stage))

  test.each<[string, string, object]>([
    ['an interface', `{ node(id: "${id}") { id ... on Book { title } } }`, { node: { id, title: 'First' } }],
    ['a list of a union', '{ found { ... on Book { title year } } }', { found: [first, second] }],
    [
      'a connection in a union',
      '{ result { ... on Books { edges { node { title year } } pageInfo { hasNextPage } } ... on Nothing { why } } }',
      { result: { edges: [{ node: first }, { node: second }], pageInfo: { hasNextPage: true } } },
    ],
    [
      'a connection in an interface',
      '{ counts { totalCount ... on Books { nodes { title year } } } }',
      { counts: { totalCount: 3, nodes: [first, second] } },
    ],
    ['a list', '{ list { title year } }', { list: [first, second] }],
    [
      'a connection with names of its own',
      '{ shelf { books { title year } pages { hasNextPage } } }',
      { shelf: { books: [first, second], pages: { hasNextPage: true } } },
    ],
    ['a connection that only counts', '{ counted { totalCount } }', { counted: { totalCount: 3 } }],
    ['a count', '{ count }', { count: 3 }],
    ['a value of a record, whose field is named', '{ titleByName }', { titleByName: 'First' }],
    ['values of a page, whose field is named', '{ titlesByName }', { titlesByName: ['First', 'Second'] }],
    [
      'a record below a field that is named',
      '{ openBag { book { title } } }',
      { openBag: { book: { title: 'First' } } },
    ],
    [
      'a page below a field that is named',
      '{ basket { shelf { edges { node { year } } totalCount } } }',
      { basket: { shelf: { edges: [{ node: { year: 1990 } }, { node: { year: 2000 } }], totalCount: 3 } } },
    ],
  ])('%s reads what is selected', async (_, query, data) => {
    expect(await api.ask(query)).toEqual({ data })
  })

  test.each([
    [
      'a wrapped record',
      '{ bag { book { title } } }',
      "Query.bag resolves to Bag and not to Book. Say what its resolver reads, { reading: ['…'] }, or below which field the records stand, { at: '…' }; or, where the type shows Book under another name, `extensions: { entity: Book }` of that type.",
    ],
    [
      'a value of a record',
      '{ title }',
      "Query.title resolves to String and not to Book. Say what its resolver reads, { reading: ['…'] }, or below which field the records stand, { at: '…' }; or, where the type shows Book under another name, `extensions: { entity: Book }` of that type.",
    ],
    [
      'values of a page',
      '{ titles }',
      'Query.titles resolves to [String], in which no Book is selected: no page was read, only its totalCount can be. A type that shows Book under another name says so: `extensions: { entity: Book }`.',
    ],
    [
      'a page of which only a name of its own is selected',
      '{ shelf { pages { hasNextPage } } }',
      'Query.shelf resolves to Shelf!, in which no Book is selected: no page was read, only its totalCount can be. A type that shows Book under another name says so: `extensions: { entity: Book }`.',
    ],
    [
      'a type that the schema does not show',
      '{ hidden }',
      'The schema has no object type that shows Hidden. Name a type so, or give it `extensions: { entity: Hidden }`.',
    ],
  ])('%s is an error that says so, and never a record with nothing in it', async (_, query, message) => {
    logged.length = 0
    expect(await api.ask(query)).toMatchObject({ errors: [{ extensions: { code: 'INTERNAL_SERVER_ERROR' } }] })
    expect(logged).toEqual([expect.stringMatching(/^Unexpected error /)])
    expect(logged[0]!.replace(/^Unexpected error \S+: /, '')).toBe(message)
  })
})
