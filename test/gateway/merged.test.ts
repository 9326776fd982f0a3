import { makeExecutableSchema } from '@graphql-tools/schema'
import type { GatewayContext, PageArgs } from 'crossfade'
import { defineEntity, enumeration, int, load, loadMerged, objectId, recordType, text, typed, where } from 'crossfade'
import type { GraphQLResolveInfo } from 'graphql'
import { type Document, ObjectId } from 'mongodb'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { setStage } from '../../src/control/move.ts'
import type { Entity } from '../../src/entity/entity.ts'
import { sealCursor } from '../../src/query/cursor.ts'
import { planMerged } from '../../src/query/merged-page.ts'
import { Reads } from '../../src/routing/reads.ts'
import { stages } from '../../src/stage/stage.ts'
import { openAppGateway, type SmallGateway } from '../support/small-gateway.ts'

const contents = { mongo: 'contents', id: objectId() } as const
const kind = enumeration(['article', 'advert'])
const Article = defineEntity('Article', {
  ...contents,
  postgres: 'articles',
  where: { kind: 'article' },
  fields: { kind, title: text(), words: int() },
})
const Advert = defineEntity('Advert', {
  ...contents,
  postgres: 'adverts',
  where: { kind: 'advert' },
  fields: { kind, title: text(), price: int() },
})
/** In a collection of its own, with ids that others have as well. */
const Poll = defineEntity('Poll', {
  mongo: 'polls',
  postgres: 'polls',
  id: objectId(),
  fields: { title: text().sensitive(), words: text() },
})
const types = [Article, Advert, Poll] as const

const typeDefs = /* GraphQL */ `
  interface Content {
    id: ID!
    title: String
  }
  type Article implements Content {
    id: ID!
    title: String
    words: Int
  }
  type Advert implements Content {
    id: ID!
    title: String
    price: Int
  }
  type Poll implements Content {
    id: ID!
    title: String
    words: String
  }
  union Piece = Article | Advert
  type ContentEdge {
    node: Content!
    cursor: String!
    shout: String
  }
  type PageInfo {
    hasNextPage: Boolean!
    hasPreviousPage: Boolean!
    startCursor: String
    endCursor: String
  }
  type ContentConnection {
    edges: [ContentEdge!]!
    pageInfo: PageInfo!
    totalCount: Int!
  }
  type PieceConnection {
    nodes: [Piece!]!
  }
  type Query {
    contents(by: String, desc: Boolean, first: Int, after: String, last: Int, before: String): ContentConnection!
    dear: PieceConnection!
    piece(id: ID!): Piece
    untold(id: ID!): Piece
    wrong: PieceConnection!
  }
`
interface ContentArgs extends PageArgs {
  readonly by?: string
  readonly desc?: boolean
}
const resolvers = {
  Content: { __resolveType: recordType },
  Piece: { __resolveType: recordType },
  ContentEdge: { shout: ({ node }: { readonly node: { readonly title: string | null } }) => node.title?.toUpperCase() },
  Query: {
    contents(_: unknown, { by, desc, ...page }: ContentArgs, context: GatewayContext, info: GraphQLResolveInfo) {
      const order = by === undefined ? [] : [{ path: by, direction: desc ? 'desc' : 'asc' } as const]
      return loadMerged(context, info, types, order, page, { reading: ['title'] })
    },
    dear: (_: unknown, __: unknown, context: GatewayContext, info: GraphQLResolveInfo) => {
      const dear = { entity: Advert, where: where(Advert, { price: { gt: 2 } }) }
      const long = { entity: Article, where: where(Article, { words: { gt: 10 } }) }
      return loadMerged(context, info, [long, dear], [{ path: 'title', direction: 'asc' }], {})
    },
    piece: async (_: unknown, { id }: { readonly id: string }, context: GatewayContext, info: GraphQLResolveInfo) =>
      typed(Article, await load(context, info, Article, id)) ?? typed(Advert, await load(context, info, Advert, id)),
    untold: (_: unknown, { id }: { readonly id: string }, context: GatewayContext, info: GraphQLResolveInfo) =>
      load(context, info, Article, id),
    wrong: (_: unknown, __: unknown, context: GatewayContext, info: GraphQLResolveInfo) =>
      loadMerged(context, info, [Article, Poll], [{ path: 'words', direction: 'asc' }], {}),
  },
}

const key = (n: number): string => n.toString(16).padStart(24, '0')
const stored = (n: number, values: object): Document => ({ _id: new ObjectId(key(n)), ...values })
const [beyond, emoji] = ['\uff5e', '\u{1f600}'] // by code points in this order, by UTF-16 in the other
const documents = new Map<Entity, readonly Document[]>([
  [
    Article,
    [
      stored(1, { kind: 'article', title: 'b', words: 10 }),
      stored(3, { kind: 'article', title: 'a', words: 30 }),
      stored(5, { kind: 'article', words: 50 }),
      stored(7, { kind: 'article', title: beyond }),
    ],
  ],
  [
    Advert,
    [
      stored(2, { kind: 'advert', title: 'a', price: 2 }),
      stored(4, { kind: 'advert', title: 'c', price: 4 }),
      stored(6, { kind: 'advert', title: emoji, price: 6 }),
    ],
  ],
  [Poll, [stored(3, { title: 'a', words: 'few' }), stored(8, { title: 'b' })]],
])
/** As they stand by title and id; `3+` is the poll that has the id of an article. */
const byTitle = ['5', '2', '3', '3+', '1', '8', '4', '7', '6']
const byId = ['1', '2', '3', '3+', '4', '5', '6', '7', '8']

let api: SmallGateway
const logged: string[] = []
beforeAll(async () => {
  const schema = makeExecutableSchema({ typeDefs, resolvers })
  api = await openAppGateway({ schema, entities: types, migrations: {} }, documents, {
    log: (_, message, fields) => void logged.push(`${message} ${JSON.stringify(fields)}`),
  })
}, 60_000)
afterAll(() => api?.close())

interface Page {
  readonly edges: readonly { readonly cursor: string; readonly node: { readonly id: string; readonly type: string } }[]
  readonly pageInfo: { readonly hasNextPage: boolean; readonly hasPreviousPage: boolean }
}
const pageQuery = `query ($by: String, $desc: Boolean, $first: Int, $after: String, $last: Int, $before: String) {
  contents(by: $by, desc: $desc, first: $first, after: $after, last: $last, before: $before) {
    edges { cursor node { id type: __typename } } pageInfo { hasNextPage hasPreviousPage }
  } }`
async function page(variables: object): Promise<Page> {
  const { data } = (await api.ask(pageQuery, variables)) as { readonly data: { readonly contents: Page } }
  return data.contents
}
const named = ({ edges }: Page): string[] =>
  edges.map(({ node: { id, type } }) => `${Number.parseInt(id, 16)}${type === 'Poll' && id === key(3) ? '+' : ''}`)

/** All pages of a size, one behind the other, or one before the other. */
async function walked(variables: object, size: number, back = false): Promise<string[]> {
  const found: string[][] = []
  for (let cursor: string | undefined; ; ) {
    const at = back ? { last: size, before: cursor } : { first: size, after: cursor }
    const answer = await page({ ...variables, ...at })
    found.push(named(answer))
    cursor = answer.edges.at(back ? 0 : -1)?.cursor
    const { hasNextPage, hasPreviousPage } = answer.pageInfo
    if (!(back ? hasPreviousPage : hasNextPage)) return (back ? found.toReversed() : found).flat()
    expect(found.length).toBeLessThan(10)
  }
}

async function expectOrders(): Promise<void> {
  for (const size of [1, 2, 3, 9])
    for (const back of [false, true]) {
      expect(await walked({}, size, back)).toEqual(byId)
      expect(await walked({ by: 'title' }, size, back)).toEqual(byTitle)
      expect(await walked({ by: 'title', desc: true }, size, back)).toEqual(
        byTitle.toReversed().map((each) => (each === '3' ? '3+' : each === '3+' ? '3' : each)),
      )
    }
}

test('types of a list may be in different stages', async () => {
  const { mongo, postgres } = api.stores
  const options = {
    ledgers: { mongo: mongo.ledger, postgres: postgres.ledger },
    log: () => undefined,
    sweep: async () => 0,
  }
  const to = async (stage: 'live' | 'shadow'): Promise<void> => {
    await setStage(options, { type: 'Article', stage })
    await api.gateway.routing.flags.refresh()
  }
  await to('live')
  await expectOrders()
  await to('shadow')
})

describe.each(stages)('A list of several types, in %s', (stage) => {
  beforeAll(() => api.setStage(stage))

  test('is in one order, in pages of any size, both ways', expectOrders)

  test('ends where another cursor says', async () => {
    const all = (await page({ by: 'title' })).edges
    const cursor = (name: string) => all[byTitle.indexOf(name)]!.cursor
    expect(named(await page({ by: 'title', after: cursor('2'), before: cursor('8') }))).toEqual(['3', '3+', '1'])
    expect(named(await page({ by: 'title', after: cursor('3') }))).toEqual(byTitle.slice(3))
    expect(named(await page({ by: 'title', before: cursor('3+') }))).toEqual(byTitle.slice(0, 3))
    expect(named(await page({ by: 'title', last: 2, before: cursor('3+') }))).toEqual(['2', '3'])
  })

  test('is cut between any two cursors, those of one id in two types among them', async () => {
    const { edges } = await page({ by: 'title' })
    for (const [from, { cursor: after }] of edges.entries())
      for (const [to, { cursor: before }] of edges.entries())
        for (const many of [{ first: 9 }, { last: 9 }])
          expect(named(await page({ by: 'title', after, before, ...many }))).toEqual(byTitle.slice(from + 1, to))
  })

  test('shows of each type what is selected of it, and counts all', async () => {
    const asked = `{ contents(by: "title", first: 3) { totalCount edges { node {
      title ... on Article { words } ... on Advert { price } } } }
      dear { nodes { __typename ... on Article { words } ... on Advert { price } } } }`
    expect(await api.ask(asked)).toEqual({
      data: {
        contents: {
          totalCount: 9,
          edges: [
            { node: { title: null, words: 50 } },
            { node: { title: 'a', price: 2 } },
            { node: { title: 'a', words: 30 } },
          ],
        },
        dear: {
          nodes: [
            { __typename: 'Article', words: 50 },
            { __typename: 'Article', words: 30 },
            { __typename: 'Advert', price: 4 },
            { __typename: 'Advert', price: 6 },
          ],
        },
      },
    })
  })

  test('a field of one of several types says which', async () => {
    const asked = `{ a: piece(id: "${key(1)}") { __typename ... on Article { words } } b: piece(id: "${key(2)}") { __typename ... on Advert { price } } c: piece(id: "${key(9)}") { __typename } }`
    expect(await api.ask(asked)).toEqual({
      data: { a: { __typename: 'Article', words: 10 }, b: { __typename: 'Advert', price: 2 }, c: null },
    })
  })
})

test('what one type hides is told of no read of the list: its values are those of the others', async () => {
  const run = vi.spyOn(Reads.prototype, 'run')
  const { edges } = await page({ by: 'title', first: 1 })
  run.mockClear()
  await page({ by: 'title', first: 1, after: edges[0]!.cursor })
  expect(run.mock.calls.map(([{ entity, args }]) => [entity.name, args()])).toEqual(
    types.map(({ name }) => [name, expect.objectContaining({ first: 1, after: '[redacted]' })]),
  )
  run.mockRestore()
})

test('a field of an edge has of each node what the loader was told that it reads', async () => {
  expect(await api.ask('{ contents(first: 3) { edges { shout } } }')).toEqual({
    data: { contents: { edges: [{ shout: 'B' }, { shout: 'A' }, { shout: 'A' }] } },
  })
})

test('a type stands in a list once', () => {
  const listed = (min: number) => ({ entity: Article, where: { op: 'gt', path: 'words', value: min } as const })
  expect(() => planMerged([listed(1), listed(9)], [], { first: 1 }, { size: 1, max: 1, maxOffset: 0 })).toThrow(
    'Article stands twice in a list of several types. Name it once, with one condition.',
  )
})

test('a cursor that was made by hand is refused', async () => {
  const order = [{ path: 'id', direction: 'asc' }] as const
  for (const keys of [
    [key(1), 'Nobody'],
    [key(1), {}],
    [key(1), null],
    [null, 'Article'],
  ]) {
    const after = sealCursor('Article|Advert|Poll', order, keys)
    expect(await api.ask(pageQuery, { after })).toMatchObject({
      errors: [{ message: expect.stringContaining('was altered'), extensions: { code: 'BAD_USER_INPUT' } }],
    })
  }
  const { edges } = await page({})
  expect(edges[0]!.cursor).toBe(sealCursor('Article|Advert|Poll', order, [key(1), 'Article']))
})

test('what cannot be in one order is refused', async () => {
  expect(await api.ask('{ wrong { nodes { __typename } } }')).toMatchObject({
    errors: [{ extensions: { code: 'INTERNAL_SERVER_ERROR' } }],
  })
  expect(logged.at(-1)).toContain('Article.words and Poll.words are of two kinds, int and text, and stand in no order.')
  expect(await api.ask(`{ untold(id: "${key(1)}") { __typename } }`)).toMatchObject({ data: { untold: null } })
  expect(logged.at(-1)).toContain('A record of Piece has no type: say which by typed(Type, record).')
  const { edges } = await page({ by: 'title', first: 1 })
  expect(await api.ask(pageQuery, { after: edges[0]!.cursor })).toMatchObject({
    errors: [{ extensions: { code: 'BAD_USER_INPUT' } }],
  })
})
