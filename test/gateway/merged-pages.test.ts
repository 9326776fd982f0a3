import { defineEntity, enumeration, int, loadMergedPage, objectId, text, where } from 'crossfade'
import {
  createBuilder,
  entityType,
  filterType,
  interfaceType,
  mergedPage,
  mergedPageType,
  orderType,
} from 'crossfade/pothos'
import { parse } from 'graphql'
import { type Document, ObjectId } from 'mongodb'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { Entity } from '../../src/entity/entity.ts'
import { costs } from '../../src/gateway/cost.ts'
import { limitsOf } from '../../src/gateway/limits.ts'
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
/** In a collection of its own, with an id that an article has as well. */
const Poll = defineEntity('Poll', { mongo: 'polls', postgres: 'polls', id: objectId(), fields: { title: text() } })
const types = [Article, Advert, Poll] as const

const builder = createBuilder()
const Content = interfaceType(builder, 'Content', types, { fields: ['title'] })
entityType(builder, Article, { omit: ['kind'], interfaces: [Content] })
entityType(builder, Advert, { omit: ['kind'], interfaces: [Content] })
entityType(builder, Poll, { interfaces: [Content] })
const ContentPage = mergedPageType(builder, Content, {
  name: 'ContentPage',
  fields: { items: 'contents', totalCount: 'total', hasNextPage: 'hasMore', page: 'number', pageCount: 'pages' },
})
const filter = filterType(builder, Article, { title: true }, { name: 'ContentFilter' })
const orderBy = orderType(builder, Article, { TITLE: 'title' }, { name: 'ContentOrder' })
builder.queryType({
  fields: (t) => ({
    contents: mergedPage(t, types, { type: ContentPage, filter, orderBy }),
    numbered: mergedPage(t, types, {
      type: ContentPage,
      orderBy,
      args: { limit: 'perPage', page: 'page' },
      maxOffset: 8,
    }),
    plain: mergedPage(t, types, { of: Content, size: 2, orderBy, defaultOrder: { TITLE: 'asc' } }),
    titles: t.stringList({
      nullable: { list: true, items: true },
      args: { limit: t.arg.int() },
      async resolve(_, { limit }, context, info) {
        const order = [{ path: 'title', direction: 'asc' }] as const
        const options = { reading: ['title'], names: { limit: 'most', offset: 'offset', page: 'page' } }
        const page = await loadMergedPage(context, info, types, order, { limit }, options)
        return (page.items() as readonly object[] as readonly { readonly title: string }[]).map(({ title }) => title)
      },
    }),
    dear: t.field({
      type: ContentPage,
      nullable: false,
      resolve: (_, __, context, info) =>
        loadMergedPage(
          context,
          info,
          [
            { entity: Article, where: where(Article, { words: { gt: 10 } }) },
            { entity: Advert, where: where(Advert, { price: { gt: 2 } }) },
          ],
          [{ path: 'title', direction: 'desc' }],
          { limit: 2, offset: 1 },
        ) as never,
    }),
  }),
})
const schema = builder.toSchema()

const key = (n: number): string => n.toString(16).padStart(24, '0')
const stored = (n: number, values: object): Document => ({ _id: new ObjectId(key(n)), ...values })
const documents = new Map<Entity, readonly Document[]>([
  [
    Article,
    [
      stored(1, { kind: 'article', title: 'b', words: 10 }),
      stored(3, { kind: 'article', title: 'a', words: 30 }),
      stored(5, { kind: 'article', words: 50 }),
    ],
  ],
  [
    Advert,
    [
      stored(2, { kind: 'advert', title: 'a', price: 2 }),
      stored(4, { kind: 'advert', title: 'c', price: 4 }),
      stored(6, { kind: 'advert', title: 'd', price: 6 }),
    ],
  ],
  [Poll, [stored(3, { title: 'a' }), stored(8, { title: 'b' })]],
])
/** As they stand by title and id; `3+` is the poll that has the id of an article. */
const byTitle = ['5', '2', '3', '3+', '1', '8', '4', '6']
const byId = ['1', '2', '3', '3+', '4', '5', '6', '8']

let api: SmallGateway
beforeAll(async () => {
  api = await openAppGateway({ schema, entities: types, migrations: {} }, documents)
})
afterAll(() => api?.close())

interface Shown {
  readonly id: string
  readonly type: string
}
const name = ({ id, type }: Shown): string => `${Number.parseInt(id, 16)}${type === 'Poll' && id === key(3) ? '+' : ''}`

async function ask(field: string): Promise<Record<string, unknown>> {
  const { data } = (await api.ask(`{ page: ${field} }`)) as { data: { page: Record<string, unknown> } }
  return data.page
}
const shown = '{ contents { id type: __typename } hasMore }'

async function listed(args: string): Promise<{ names: string[]; hasMore: unknown }> {
  const { contents, hasMore } = await ask(`contents(${args}) ${shown}`)
  return { names: (contents as Shown[]).map(name), hasMore }
}

describe.each(stages)('A page by offset of several types, in %s', (stage) => {
  beforeAll(() => api.setStage(stage))

  test('is cut from one order, wherever it begins and however long it is', async () => {
    for (const limit of [1, 3, 8])
      for (let offset = 0; offset <= 8; offset++) {
        const hasMore = offset + limit < 8
        expect(await listed(`offset: ${offset}, limit: ${limit}`)).toEqual({
          names: byId.slice(offset, offset + limit),
          hasMore,
        })
        expect(await listed(`offset: ${offset}, limit: ${limit}, orderBy: [{ field: TITLE }]`)).toEqual({
          names: byTitle.slice(offset, offset + limit),
          hasMore,
        })
      }
    expect((await listed('offset: 1, limit: 3, orderBy: [{ field: TITLE, direction: DESC }]')).names).toEqual([
      '4',
      '8',
      '1',
    ])
  })

  test('shows of each type what is selected of it, and counts what the filter leaves', async () => {
    expect(
      await ask(`contents(limit: 2, offset: 1, filter: { title: { eq: "a" } }, orderBy: [{ field: TITLE }]) {
        total pages hasMore contents { title ... on Article { words } ... on Advert { price } } }`),
    ).toEqual({ total: 3, pages: 2, hasMore: false, contents: [{ title: 'a', words: 30 }, { title: 'a' }] })
    expect(await ask('contents { total }')).toEqual({ total: 8 })
    expect(await ask('dear { contents { ... on Article { words } ... on Advert { price } } total }')).toEqual({
      contents: [{ price: 4 }, { words: 30 }],
      total: 4,
    })
  })

  test('is asked for by its number, and may be a plain list', async () => {
    expect(
      await ask('numbered(perPage: 3, page: 3) { number hasMore contents { id type: __typename } }'),
    ).toMatchObject({
      number: 3,
      hasMore: false,
      contents: [{ type: 'Advert' }, { type: 'Poll' }],
    })
    const plain = (await ask('plain(offset: 3) { id type: __typename }')) as unknown as Shown[]
    expect(plain.map(name)).toEqual(['3+', '1'])
  })
})

test('what stands before a page is read by its keys alone, two statements a type', async () => {
  const run = vi.spyOn(Reads.prototype, 'run')
  await ask('contents(offset: 4, limit: 2, orderBy: [{ field: TITLE }]) { contents { ... on Article { words } } }')
  const read = run.mock.calls.map(([{ entity, fields }]) => [entity.name, fields?.paths])
  run.mockRestore()
  expect(read).toEqual([
    ['Article', ['title']],
    ['Advert', ['title']],
    ['Poll', ['title']],
    ['Article', ['words']],
    ['Poll', []],
  ])
})

test('bounds are told by the names of the contract', async () => {
  const told = async (field: string) =>
    ((await api.ask(`{ ${field} }`)) as { errors: { message: string }[] }).errors[0]!.message
  expect(await told('contents(offset: 1001) { total }')).toBe('offset must be between 0 and 1000, got 1001.')
  expect(await told('numbered(page: 6, perPage: 2) { total }')).toBe('page must be between 1 and 5, got 6.')
  expect(await told('plain(limit: 101) { id }')).toBe('limit must be between 0 and 100, got 101.')
})

test('a resolver of a team’s own gets what it says that it reads, under the names of its contract', async () => {
  expect(await api.ask('{ titles(limit: 5) }')).toEqual({ data: { titles: [null, 'a', 'a', 'a', 'b'] } })
  expect(await api.ask('{ titles(limit: 101) }')).toMatchObject({
    errors: [{ message: 'most must be between 0 and 100, got 101.' }],
  })
})

test('the cost has what stands before the page once for each type, and two statements', () => {
  const costOf = costs(schema, types, limitsOf({}))
  const cost = (query: string) => costOf(parse(query), undefined, {})?.cost
  expect(cost('{ plain { id } }')).toBe(600 + 1 + 2)
  expect(cost('{ plain(offset: 1000) { id } }')).toBe(600 + 1 + 2 + 300)
  expect(cost('{ contents(limit: 5) { contents { id } } }')).toBe(600 + 2 + 5)
})

test('an order that one of the types lacks is refused where the field is made', () => {
  const own = createBuilder()
  const words = orderType(own, Article, { WORDS: 'words' }, { name: 'WordsOrder' })
  own.queryType({
    fields: (t) => ({ wrong: mergedPage(t, types, { of: Content as never, orderBy: words as never }) }),
  })
  expect(() => own.toSchema()).toThrow(/words/)
})
