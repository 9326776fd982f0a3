import { makeExecutableSchema } from '@graphql-tools/schema'
import {
  defineEntity,
  everything,
  type GatewayContext,
  int,
  loadChildrenPage,
  loadPage,
  type OffsetArgs,
  text,
  where,
} from 'crossfade'
import {
  childrenPage,
  connection,
  createBuilder,
  entityType,
  filterType,
  orderType,
  page,
  pageType,
  record,
} from 'crossfade/pothos'
import { type GraphQLObjectType, type GraphQLResolveInfo, printType } from 'graphql'
import type { CommandStartedEvent } from 'mongodb'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fieldCosts } from '../../src/gateway/field-cost.ts'
import { contractOrders } from '../../src/resolve/contract-orders.ts'
import { openAppGateway, type SmallGateway } from '../support/small-gateway.ts'

const Song = defineEntity('Song', {
  mongo: 'songs',
  postgres: 'songs',
  id: int(),
  fields: { title: text(), year: int() },
})

const builder = createBuilder()
const SongType = entityType(builder, Song)
const SongFilter = filterType(builder, Song, { year: true }, { combined: false })
const SongOrder = orderType(builder, Song, { TITLE: 'title' })
const SongList = pageType(builder, Song, {
  name: 'SongList',
  fields: {
    items: 'songs',
    totalCount: 'total',
    hasNextPage: 'hasMore',
    hasPreviousPage: 'hasPrevious',
    page: 'current',
    pageCount: 'pages',
    offset: 'skipped',
    limit: 'perPage',
  },
})
builder.objectFields(SongType, (t) => ({
  sameYear: childrenPage(t, Song, { by: 'year', of: 'year', order: { title: 'desc' }, size: 2, max: 7, maxOffset: 6 }),
  around: childrenPage(t, Song, {
    by: 'year',
    of: 'year',
    where: where(Song, { title: { ne: 'song 01' } }),
    type: SongList,
    args: { limit: 'perPage', page: 'page' },
  }),
}))
builder.queryType({
  fields: (t) => ({
    song: record(t, Song),
    songs: page(t, Song, { filter: SongFilter, orderBy: SongOrder, defaultOrder: { TITLE: 'desc' } }),
    found: page(t, Song, {
      type: SongList,
      orderBy: SongOrder,
      args: { limit: 'perPage', page: 'page' },
      size: 3,
      max: 4,
      maxOffset: 8,
    }),
    all: connection(t, Song, { size: 2, max: 12 }),
  }),
})
const schema = builder.toSchema()

/** `song 1` to `song 10`, and two of one title; in each second year. */
const documents = Array.from({ length: 12 }, (_, n) => ({
  _id: n + 1,
  title: n < 10 ? `song ${String(n + 1).padStart(2, '0')}` : 'song 10',
  year: 2000 + (n % 2),
}))

test('the contract has the names that it is given', () => {
  expect(printType(schema.getType('SongList')!)).toBe(`type SongList {
  current: Int!
  hasMore: Boolean!
  hasPrevious: Boolean!
  pages: Int!
  perPage: Int!
  skipped: Int!
  songs: [Song!]!
  total: Int!
}`)
  const { songs, found } = schema.getQueryType()!.getFields()
  expect([songs, found].map((field) => [field!.args.map(({ name }) => name), String(field!.type)])).toEqual([
    [['filter', 'limit', 'offset', 'orderBy'], '[Song!]!'],
    [['orderBy', 'page', 'perPage'], 'SongList!'],
  ])
})

test('costs and orders are known by the bounds and the entity that a field says', () => {
  const costs = fieldCosts(schema, [Song], 50)
  const costOf = (type: string, field: string) => {
    const parent = schema.getType(type) as GraphQLObjectType
    return costs(parent, parent.getFields()[field]!)
  }
  expect(costOf('Query', 'songs')).toMatchObject({ holds: 'list', size: 20, most: 100, statements: 1, isNode: true })
  expect(costOf('Query', 'found')).toMatchObject({ holds: 'one', size: 3, most: 4, statements: 1, isNode: false })
  expect(costOf('Query', 'all')).toMatchObject({ holds: 'one', size: 2, most: 12 })
  expect(costOf('SongList', 'total')).toMatchObject({ statements: 1 })
  expect(costOf('SongList', 'hasMore')).toMatchObject({ statements: 0 })
  expect(costOf('SongList', 'current')).toMatchObject({ statements: 0 })
  expect(contractOrders(schema, [Song]).get('Song')).toEqual([
    { because: 'order by title', by: null, keys: [{ path: 'title', direction: 'asc' }] },
    { because: 'Song.around', by: 'year', keys: [] },
    { because: 'Song.sameYear', by: 'year', keys: [{ path: 'title', direction: 'desc' }] },
  ])
})

const sdl = /* GraphQL */ `
  type Song {
    id: ID!
    title: String
    nth: [Song!]!
  }
  type Songs {
    items: [Song!]!
    totalCount: Int!
    hasNextPage: Boolean!
  }
  type Query {
    songs(skip: Int, take: Int): Songs!
    of(year: Int, skip: Int): Songs!
    titles(skip: Int): [String!]!
  }
`
const bySdl = makeExecutableSchema({
  typeDefs: sdl,
  resolvers: {
    Song: {
      nth: {
        extensions: { needs: [] },
        async resolve(parent: { readonly id: number }, _: unknown, context: GatewayContext, info: GraphQLResolveInfo) {
          const asked: OffsetArgs = { limit: 1, offset: parent.id % 4 }
          return (await loadChildrenPage(context, info, Song, 'year', 2001, [], asked)).items()
        },
      },
    },
    Query: {
      songs: (_: unknown, { skip, take }: Record<string, number>, context: GatewayContext, info: GraphQLResolveInfo) =>
        loadPage(context, info, Song, everything, [{ path: 'year', direction: 'asc' }], { limit: take, offset: skip }),
      of: (_: unknown, { year, skip }: Record<string, number>, context: GatewayContext, info: GraphQLResolveInfo) =>
        loadChildrenPage(context, info, Song, 'year', year, [], { limit: 2, offset: skip }),
      async titles(_: unknown, { skip }: Record<string, number>, context: GatewayContext, info: GraphQLResolveInfo) {
        const asked: OffsetArgs = { limit: 2, offset: skip }
        const found = await loadPage(context, info, Song, everything, [], asked, { reading: ['title'] })
        return found.items().map(({ title }) => title)
      },
    },
  },
})

describe.each(['shadow', 'live'] as const)('in %s', (stage) => {
  let api: SmallGateway
  let plain: SmallGateway
  const mismatches: unknown[] = []
  beforeAll(async () => {
    const watched = { onMismatch: (mismatch: unknown) => void mismatches.push(mismatch) }
    const of = new Map([[Song, documents]])
    api = await openAppGateway({ schema, entities: [Song], migrations: {} }, of, watched)
    plain = await openAppGateway({ schema: bySdl, entities: [Song], migrations: {} }, of, watched)
    await api.setStage(stage)
    await plain.setStage(stage)
  })
  afterAll(async () => {
    await api.close()
    await plain.close()
    expect(mismatches).toEqual([])
  })

  test('a plain list leaves out what stands before it in its order', async () => {
    expect(
      await api.ask(`{
        first: songs(limit: 3) { title }
        next: songs(limit: 3, offset: 3) { id }
        alike: songs(limit: 2, offset: 1) { id }
        last: songs(limit: 5, offset: 10) { id }
        behind: songs(limit: 5, offset: 12) { id }
        some: songs(filter: { year: { eq: 2001 } }, orderBy: [{ field: TITLE, direction: ASC }], limit: 2, offset: 2) { id }
        none: songs(limit: 0) { id }
      }`),
    ).toEqual({
      data: {
        first: [{ title: 'song 10' }, { title: 'song 10' }, { title: 'song 10' }],
        next: [{ id: '9' }, { id: '8' }, { id: '7' }],
        alike: [{ id: '11' }, { id: '10' }],
        last: [{ id: '2' }, { id: '1' }],
        behind: [],
        some: [{ id: '6' }, { id: '8' }],
        none: [],
      },
    })
    expect(await api.ask('{ songs { id } }')).toMatchObject({ data: { songs: { length: 12 } } })
  })

  test('a page by its number knows where it stands', async () => {
    const asked = '{ songs { id } total hasMore hasPrevious current pages skipped perPage }'
    const order = 'orderBy: [{ field: TITLE, direction: ASC }]'
    const ids = (...numbers: number[]) => numbers.map((n) => ({ id: String(n) }))
    expect(
      await api.ask(`{
        a: found(${order}) ${asked}
        b: found(${order}, perPage: 4, page: 3) ${asked}
        c: found(perPage: 4, page: 2) { hasMore }
        d: found(page: 1) { total }
        e: found(page: 3) { current }
      }`),
    ).toEqual({
      data: {
        a: {
          songs: ids(1, 2, 3),
          total: 12,
          hasMore: true,
          hasPrevious: false,
          current: 1,
          pages: 4,
          skipped: 0,
          perPage: 3,
        },
        b: {
          songs: ids(9, 10, 11, 12),
          total: 12,
          hasMore: false,
          hasPrevious: true,
          current: 3,
          pages: 3,
          skipped: 8,
          perPage: 4,
        },
        c: { hasMore: true },
        d: { total: 12 },
        e: { current: 3 },
      },
    })
  })

  test('below a record, each parent has its own page, and all of a level share a statement', async () => {
    const ids = (...numbers: number[]) => numbers.map((n) => ({ id: String(n) }))
    expect(
      await api.ask(`{
        songs(limit: 2, offset: 9, orderBy: [{ field: TITLE, direction: ASC }]) {
          id
          first: sameYear { id }
          next: sameYear(offset: 2, limit: 3) { id }
          last: sameYear(offset: 5, limit: 7) { id }
          around(perPage: 2, page: 2) { songs { id } total hasMore hasPrevious current pages }
        }
        song(id: 2) { behind: sameYear(offset: 6) { id } sameYear(offset: 4) { id } none: sameYear(limit: 0) { id } }
      }`),
    ).toEqual({
      data: {
        songs: [
          {
            id: '10',
            first: ids(12, 10),
            next: ids(8, 6, 4),
            last: ids(2),
            around: { songs: ids(6, 8), total: 6, hasMore: true, hasPrevious: true, current: 2, pages: 3 },
          },
          {
            id: '11',
            first: ids(11, 9),
            next: ids(7, 5, 3),
            last: ids(1),
            around: { songs: ids(7, 9), total: 5, hasMore: true, hasPrevious: true, current: 2, pages: 3 },
          },
        ],
        song: { behind: [], sameYear: ids(4, 2), none: [] },
      },
    })
  })

  test('below a record, only what is selected is asked of a store, once for a level', async () => {
    if (stage === 'live') return // PostgreSQL answers, in the same statements
    const asked: unknown[] = []
    const onCommand = ({ command }: CommandStartedEvent): void => {
      if (command['find'] === 'songs' || command['aggregate'] === 'songs') asked.push(command)
    }
    const { client } = api.stores.mongo.connection
    client.on('commandStarted', onCommand)
    await api.ask('{ songs(limit: 8) { sameYear(offset: 3) { id } around(page: 2) { current hasPrevious } } }')
    client.off('commandStarted', onCommand)
    expect(asked).toHaveLength(2)
  })

  test('a connection has the sizes that its field says', async () => {
    const ids = async (args: string) => await api.ask(`{ all${args} { edges { node { id } } } }`)
    expect(await ids('')).toMatchObject({ data: { all: { edges: { length: 2 } } } })
    expect(await ids('(first: 12)')).toMatchObject({ data: { all: { edges: { length: 12 } } } })
    expect(await ids('(last: 13)')).toMatchObject({ errors: [{ message: 'last must be between 0 and 12, got 13.' }] })
  })

  test('only what is selected is asked of a store', async () => {
    const asked: string[] = []
    const onCommand = ({ commandName, command }: CommandStartedEvent): void => {
      if (command['find'] === 'songs' || command['aggregate'] === 'songs') asked.push(commandName)
    }
    if (stage === 'live') return // PostgreSQL answers, in the same statements
    const { client } = api.stores.mongo.connection
    client.on('commandStarted', onCommand)
    await api.ask('{ found { total pages skipped hasPrevious } }')
    expect(asked.toSorted()).toEqual(['aggregate'])
    asked.length = 0
    await api.ask('{ found { hasMore current } }')
    expect(asked).not.toContain('aggregate')
    client.off('commandStarted', onCommand)
  })

  test.each([
    ['{ songs(limit: 101) { id } }', 'limit must be between 0 and 100, got 101.'],
    ['{ songs { sameYear(limit: 8) { id } } }', 'limit must be between 0 and 7, got 8.'],
    ['{ songs { sameYear(offset: 7) { id } } }', 'offset must be between 0 and 6, got 7.'],
    ['{ songs { around(page: 0) { total } } }', 'page must be between 1 and 51, got 0.'],
    ['{ songs(limit: -1) { id } }', 'limit must be between 0 and 100, got -1.'],
    ['{ songs(offset: 10001) { id } }', 'offset must be between 0 and 10000, got 10001.'],
    ['{ songs(offset: -1) { id } }', 'offset must be between 0 and 10000, got -1.'],
    ['{ found(perPage: 5) { total } }', 'perPage must be between 0 and 4, got 5.'],
    ['{ found(page: 0) { total } }', 'page must be between 1 and 3, got 0.'],
    ['{ found(page: 4) { total } }', 'page must be between 1 and 3, got 4.'],
    ['{ found(perPage: 0, page: 2147483647) { total } }', 'page must be between 1 and 9, got 2147483647.'],
  ])('%s is refused', async (query, message) => {
    expect(await api.ask(query)).toMatchObject({ errors: [{ message, extensions: { code: 'BAD_USER_INPUT' } }] })
  })

  test('SDL has pages by the same names without resolvers, and lists of whatever is made of them', async () => {
    expect(
      await plain.ask(`{
        songs(skip: 5, take: 2) { items { id } totalCount hasNextPage }
        titles(skip: 9)
        of(year: 2001, skip: 4) { items { id } totalCount hasNextPage }
        none: of { items { id } totalCount hasNextPage }
      }`),
    ).toEqual({
      data: {
        songs: { items: [{ id: '11' }, { id: '2' }], totalCount: 12, hasNextPage: true },
        titles: ['song 10', 'song 10'],
        of: { items: [{ id: '10' }, { id: '12' }], totalCount: 6, hasNextPage: false },
        none: { items: [], totalCount: 0, hasNextPage: false },
      },
    })
  })

  test('a resolver may ask for another page of each parent', async () => {
    expect(await plain.ask('{ songs(take: 3) { items { id nth { id } } } }')).toEqual({
      data: {
        songs: {
          items: [
            { id: '1', nth: [{ id: '4' }] },
            { id: '3', nth: [{ id: '8' }] },
            { id: '5', nth: [{ id: '4' }] },
          ],
        },
      },
    })
  })

  test('what is hidden is not left out in the place of a record', async () => {
    const songs = api.stores.mongo.connection.collection(Song)
    if (stage === 'live') return // there MongoDB follows, and is not asked
    await songs.insertOne({ _id: 'no number' as never, title: 'song 00', year: 2000 } as never)
    await songs.insertOne({ _id: 0 as never, title: 'song 00', year: 2000, _cf: { deleted: true } } as never)
    const query = '{ songs(limit: 2, offset: 9, orderBy: [{ field: TITLE, direction: ASC }]) { id } }'
    expect(await api.ask(query)).toEqual({ data: { songs: [{ id: '10' }, { id: '11' }] } })
    await songs.insertOne({ _id: -1 as never, title: 'song 99', year: 2000, _cf: { deleted: true } } as never)
    const below = '{ songs(limit: 2, offset: 9) { sameYear(limit: 1, offset: 5) { id } } }'
    expect(await api.ask(below)).toEqual({
      data: { songs: [{ sameYear: [{ id: '1' }] }, { sameYear: [{ id: '2' }] }] },
    })
    await songs.deleteMany({ title: { $in: ['song 00', 'song 99'] } })
  })
})
