import { defineEntity, embed, enumeration, int, list, objectId, only, text, write } from 'crossfade'
import {
  children,
  connection,
  createBuilder,
  entityType,
  enumType,
  filterType,
  newInput,
  orderType,
  patchInput,
  payloadType,
  record,
} from 'crossfade/pothos'
import { type GraphQLObjectType, printSchema } from 'graphql'
import { ObjectId } from 'mongodb'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fieldCosts } from '../../src/gateway/field-cost.ts'
import { contractFields } from '../../src/resolve/contract-fields.ts'
import { contractOrders } from '../../src/resolve/contract-orders.ts'
import { openSmallGateway, type SmallGateway } from '../support/small-gateway.ts'

const Post = defineEntity('Post', {
  mongo: 'posts',
  postgres: 'posts',
  id: objectId(),
  fields: {
    headline: text().required(),
    status: enumeration(['draft', 'in review', 'published']),
    labels: list(enumeration(['hot', 'cold'])),
    stats: embed({ reads: int(), best: embed({ day: text() }) }),
    parts: list(embed({ kind: enumeration(['intro', 'main']), body: text() })),
    parentId: objectId().at('parent_id').references('Post'),
  },
})

const builder = createBuilder()
enumType(builder, Post, 'status', {
  name: 'PostStatus',
  description: 'Where it stands.',
  values: { 'in review': 'IN_REVIEW', published: { name: 'PUBLISHED', description: 'For everybody.' } },
})
enumType(builder, Post, 'labels', { name: 'Label' })
enumType(builder, Post, 'parts.kind', { name: 'PartKind', values: { intro: 'INTRO', main: 'MAIN' } })
const Article = entityType(builder, Post, {
  name: 'Article',
  description: 'What is read.',
  fields: {
    id: { name: '_id' },
    headline: { name: 'title', nullable: true, description: 'In one line.' },
    stats: { name: 'numbers' },
    'stats.best': { name: 'top' },
    'stats.reads': { deprecationReason: 'Nobody counts.' },
    'parts.body': { name: 'content' },
    labels: { itemsNullable: true },
    parts: { itemsNullable: true },
  },
  embeds: { stats: 'Numbers', 'stats.best': 'Best', parts: 'Part' },
  omit: ['parentId'],
})
const Teaser = entityType(builder, Post, {
  name: 'Teaser',
  fields: { labels: { name: 'title' } },
  omit: ['headline', 'status', 'stats', 'parts', 'parentId'],
})
const PostFilter = filterType(
  builder,
  Post,
  { status: true, labels: true, parts: { path: 'parts', members: { kind: true } } },
  { name: 'ArticleFilter', combined: false },
)
const PostOrder = orderType(builder, Post, { TITLE: 'headline' }, { name: 'ArticleOrder' })
builder.objectFields(Article, (t) => ({
  replies: children(t, Post, { as: Teaser, by: 'parentId', paging: 'forward' }),
}))
builder.queryType({
  fields: (t) => ({
    article: record(t, Post),
    byStatus: record(t, Post, { by: 'status' }),
    teaser: record(t, Post, { as: Teaser }),
    articles: connection(t, Post, { filter: PostFilter, orderBy: PostOrder, paging: 'forward' }),
  }),
})
const Payload = payloadType(builder, Post, 'article')
const NewPost = newInput(builder, Post, ['headline', 'status', 'labels'], { name: 'NewArticle' })
const PostPatch = patchInput(builder, Post, ['status'], { name: 'ArticlePatch' })
const writes = { type: Payload, nullable: false, extensions: { writes: only(Post) } } as const
builder.mutationType({
  fields: (t) => ({
    addArticle: t.field({
      ...writes,
      args: { input: t.arg({ type: NewPost, required: true }) },
      resolve: (_, { input }, context, info) =>
        write(context, info, async (tx) => ({ article: await tx.of(Post).create(input) })),
    }),
    changeArticle: t.field({
      ...writes,
      args: { id: t.arg.id({ required: true }), patch: t.arg({ type: PostPatch, required: true }) },
      resolve: (_, { id, patch }, context, info) =>
        write(context, info, async (tx) => ({ article: await tx.of(Post).patch(id, patch) })),
    }),
  }),
})
const schema = builder.toSchema()

const idOf = (n: number): string => n.toString(16).padStart(24, '0')
const documents = [
  {
    _id: new ObjectId(idOf(1)),
    headline: 'First',
    status: 'in review',
    labels: ['hot', 'cold'],
    stats: { reads: 7, best: { day: 'Monday' } },
    parts: [
      { kind: 'intro', body: 'Dear reader' },
      { kind: 'main', body: 'So it is' },
    ],
  },
  { _id: new ObjectId(idOf(2)), headline: 'Second', status: 'lost', parent_id: new ObjectId(idOf(1)) },
]

test('elements may be null in lists alone', () => {
  const builder = createBuilder()
  entityType(builder, Post, { omit: ['stats', 'parts'], fields: { headline: { itemsNullable: true } } })
  expect(() => builder.toSchema()).toThrow('Post.headline is no list')
})

test('the contract has its own names, and says what it is told to', () => {
  const sdl = printSchema(schema)
  expect(sdl).toContain(`"""What is read."""
type Article {
  _id: ID!
  labels: [Label]
  numbers: Numbers
  parts: [Part]
  replies(after: String, first: Int): TeaserConnection!
  status: PostStatus

  """In one line."""
  title: String
}`)
  expect(sdl).toContain(`type Numbers {
  reads: Int @deprecated(reason: "Nobody counts.")
  top: Best
}`)
  expect(sdl).toContain(`"""Where it stands."""
enum PostStatus {
  IN_REVIEW

  """For everybody."""
  PUBLISHED
  draft
}`)
  expect(sdl).toContain(`input PostStatusFilter {
  eq: PostStatus
  in: [PostStatus]
  ne: PostStatus
  notIn: [PostStatus]
}`)
  expect(sdl).toContain(`type Teaser {
  id: ID!
  title: [Label!]
}`)
  expect(sdl).toContain('byStatus(status: PostStatus!): Article')
  expect(sdl).toContain(
    'articles(after: String, filter: ArticleFilter, first: Int, orderBy: [ArticleOrder!]): ArticleConnection!',
  )
  expect(sdl).not.toMatch(/\bPost\b|PostConnection|PostEdge/)
})

test('coverage names fields as clients do, and knows by which paths each is read', () => {
  expect(contractFields(schema, Post).toSorted((a, b) => (a.field < b.field ? -1 : 1))).toEqual([
    { field: 'labels', paths: ['labels'] },
    { field: 'numbers.reads', paths: ['stats.reads'] },
    { field: 'numbers.top.day', paths: ['stats.best.day'] },
    { field: 'parts.content', paths: ['parts.body'] },
    { field: 'parts.kind', paths: ['parts.kind'] },
    { field: 'status', paths: ['status'] },
    { field: 'title', paths: ['headline', 'labels'] },
  ])
})

test('pages and objects are known by what they show', () => {
  expect(contractOrders(schema, [Post]).get('Post')).toEqual([
    { because: 'Article.replies', by: 'parentId', keys: [] },
    { because: 'order by headline', by: null, keys: [{ path: 'headline', direction: 'asc' }] },
  ])
  const costs = fieldCosts(schema, [Post], 20)
  const costOf = (type: string, field: string) => {
    const parent = schema.getType(type) as GraphQLObjectType
    return costs(parent, parent.getFields()[field]!)
  }
  expect(costOf('Query', 'articles')).toMatchObject({ statements: 1, most: 100 })
  expect(costOf('Article', 'replies')).toMatchObject({ statements: 1, most: 100 })
  expect(costOf('Article', 'numbers')).toMatchObject({ statements: 0 })
})

describe.each(['shadow', 'live'] as const)('in %s', (stage) => {
  let api: SmallGateway
  const found: unknown[] = []
  beforeAll(async () => {
    api = await openSmallGateway(schema, Post, documents, { onMismatch: (mismatch) => found.push(mismatch) })
    await api.setStage(stage)
  })
  afterAll(() => api.close())

  test('fields are read by what they show', async () => {
    const all = '_id title status labels numbers { reads top { day } } parts { kind content }'
    expect(
      await api.ask(`{ article(id: "${idOf(1)}") { ${all} replies { nodes: edges { node { id title } } } } }`),
    ).toEqual({
      data: {
        article: {
          _id: idOf(1),
          title: 'First',
          status: 'IN_REVIEW',
          labels: ['hot', 'cold'],
          numbers: { reads: 7, top: { day: 'Monday' } },
          parts: [
            { kind: 'INTRO', content: 'Dear reader' },
            { kind: 'MAIN', content: 'So it is' },
          ],
          replies: { nodes: [{ node: { id: idOf(2), title: null } }] },
        },
      },
    })
    expect(await api.ask(`{ teaser(id: "${idOf(1)}") { title } }`)).toEqual({
      data: { teaser: { title: ['hot', 'cold'] } },
    })
    expect(await api.ask(`{ article(id: "${idOf(2)}") { status } }`)).toEqual({ data: { article: { status: null } } })
  })

  test('clients ask by the names of values', async () => {
    const ids = '{ edges { node { _id } } totalCount }'
    const one = (n: number) => ({ edges: [{ node: { _id: idOf(n) } }], totalCount: 1 })
    expect(
      await api.ask(`{
        byStatus(status: IN_REVIEW) { _id }
        a: articles(filter: { status: { eq: IN_REVIEW } }) ${ids}
        b: articles(filter: { labels: { hasSome: [cold] } }) ${ids}
        c: articles(filter: { parts: { some: { kind: { in: [MAIN] } } } }, orderBy: [{ field: TITLE, direction: DESC }]) ${ids}
      }`),
    ).toEqual({ data: { byStatus: { _id: idOf(1) }, a: one(1), b: one(1), c: one(1) } })
    expect(await api.ask(`{ articles(filter: { status: { eq: lost } }) ${ids} }`)).toMatchObject({
      errors: [{ message: expect.stringContaining('Value "lost" does not exist in "PostStatus" enum') }],
    })
  })

  test('writes keep what the mapping has', async () => {
    const add =
      'mutation { addArticle(input: { headline: "New", status: PUBLISHED, labels: [hot] }) { article { _id status } } }'
    const { data } = (await api.ask(add)) as { data: { addArticle: { article: { _id: string; status: string } } } }
    const { _id: id, status } = data.addArticle.article
    expect(status).toBe('PUBLISHED')
    const change = `mutation { changeArticle(id: "${id}", patch: { status: IN_REVIEW }) { article { status title } } }`
    expect(await api.ask(change)).toEqual({
      data: { changeArticle: { article: { status: 'IN_REVIEW', title: 'New' } } },
    })
    for (const { outbox } of [api.stores.mongo, api.stores.postgres]) {
      const read = async () => (await outbox.images(Post, [id]))[0]?.record
      const stored = { status: 'in review', labels: ['hot'] }
      await expect.poll(read, { timeout: 30_000 }).toMatchObject(stored) // the reply waits for the mirror a little
    }
    expect(found).toEqual([])
  })
})
