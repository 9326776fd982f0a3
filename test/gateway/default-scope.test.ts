import {
  defineEntity,
  enumeration,
  everything,
  int,
  load,
  loadAggregate,
  loadBy,
  loadChildren,
  objectId,
  only,
  text,
  timestamp,
  where,
  write,
} from 'crossfade'
import {
  children,
  connection,
  createBuilder,
  entityType,
  filterType,
  interfaceType,
  mergedConnection,
  orderType,
  page,
  payloadType,
  record,
  reference,
} from 'crossfade/pothos'
import { type Document, ObjectId } from 'mongodb'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Entity } from '../../src/entity/entity.ts'
import { checkScopes } from '../../src/query/check-scopes.ts'
import { stages } from '../../src/stage/stage.ts'
import { compareStores } from '../support/compare-stores.ts'
import { openAppGateway, type SmallGateway } from '../support/small-gateway.ts'

const kept = { deletedAt: { eq: null } } as const
const Author = defineEntity('Author', {
  mongo: 'authors',
  postgres: 'authors',
  id: objectId(),
  defaultScope: kept,
  fields: { name: text().unique(), deletedAt: timestamp().at('deleted_at') },
})
const Post = defineEntity('Post', {
  mongo: 'posts',
  postgres: 'posts',
  id: objectId(),
  defaultScope: { and: [kept, { state: { ne: 'draft' } }] },
  fields: {
    title: text(),
    state: enumeration(['draft', 'public']),
    words: int(),
    authorId: objectId().at('author').references('Author').index(),
    deletedAt: timestamp().at('deleted_at'),
  },
})
const Tag = defineEntity('Tag', { mongo: 'tags', postgres: 'tags', id: objectId(), fields: { title: text() } })

const builder = createBuilder()
const Titled = interfaceType(builder, 'Titled', [Post, Tag], { fields: ['title'] })
const AuthorType = entityType(builder, Author)
const PostType = entityType(builder, Post, { omit: ['authorId'], interfaces: [Titled] })
entityType(builder, Tag, { interfaces: [Titled] })
const PostFilter = filterType(builder, Post, { title: true, words: true })
const PostOrder = orderType(builder, Post, { TITLE: 'title' })
const long = where(Post, { words: { gte: 20 } })
builder.objectFields(AuthorType, (t) => ({
  posts: children(t, Post, { by: 'authorId' }),
  allPosts: children(t, Post, { by: 'authorId', unscoped: true }),
  longPosts: children(t, Post, { by: 'authorId', where: long }),
  wordsOf: t.intList({
    nullable: false,
    extensions: { needs: [] },
    args: { long: t.arg.boolean({ required: true }) },
    resolve: async ({ id }, { long: isLong }, context, info) => {
      const options = { reading: ['words'], where: isLong ? long : everything } as const
      const found = await loadChildren(context, info, Post, 'authorId', id, [], {}, options)
      return found.edges().map(({ node }) => node.words ?? 0)
    },
  }),
}))
builder.objectFields(PostType, (t) => ({
  author: reference(t, Author, { of: 'authorId' }),
  anyAuthor: reference(t, Author, { of: 'authorId', unscoped: true }),
}))
builder.queryType({
  fields: (t) => ({
    post: record(t, Post),
    anyPost: record(t, Post, { unscoped: true }),
    authorByName: record(t, Author, { by: 'name' }),
    posts: connection(t, Post, { filter: PostFilter, orderBy: PostOrder }),
    allPosts: connection(t, Post, { unscoped: true }),
    longPosts: connection(t, Post, { where: long }),
    postPage: page(t, Post, {}),
    titled: mergedConnection(t, [Post, Tag], { type: Titled }),
    allTitled: mergedConnection(t, [Post, Tag], { type: Titled, unscoped: true }),
    authors: connection(t, Author),
    words: t.intList({
      nullable: false,
      args: { unscoped: t.arg.boolean({ required: true }) },
      resolve: async (_, { unscoped }, context, info) => {
        const measures = { n: { op: 'count' } } as const
        const groups = await loadAggregate(context, info, Post, { by: [], measures, unscoped, limit: 1 })
        return groups.map(({ measures }) => measures.n)
      },
    }),
    // One after the other, so that what was loaded for one must not be shown by the other
    both: t.stringList({
      nullable: false,
      args: { id: t.arg.id({ required: true }), name: t.arg.string({ required: true }) },
      resolve: async (_, { id, name }, context, info) => {
        const found = [
          await load(context, info, Post, id, { reading: ['title'] }),
          await load(context, info, Post, id, { reading: ['title'], unscoped: true }),
          await loadBy(context, info, Author, 'name', name, { reading: ['name'] }),
          await loadBy(context, info, Author, 'name', name, { reading: ['name'], unscoped: true }),
        ]
        return found.map((each) => (each ? 'there' : 'none'))
      },
    }),
  }),
})
const Payload = payloadType(builder, Post, 'post')
builder.mutationType({
  fields: (t) => ({
    remove: t.field({
      type: Payload,
      nullable: false,
      extensions: { writes: only(Post) },
      args: { id: t.arg.id({ required: true }), at: t.arg.string() },
      resolve: (_, { id, at }, context, info) =>
        write(context, info, async (tx) => ({
          post: await tx.of(Post).patch(id, { deletedAt: at ? new Date(at) : null }),
        })),
    }),
  }),
})

const key = (n: number): string => n.toString(16).padStart(24, '0')
const oid = (n: number): ObjectId => new ObjectId(key(n))
const gone = new Date('2026-01-02')
const authors: Document[] = [
  { _id: oid(1), name: 'Ann' },
  { _id: oid(2), name: 'Bob', deleted_at: gone },
]
const posts: Document[] = [
  { _id: oid(11), title: 'a', state: 'public', words: 10, author: oid(1) },
  { _id: oid(12), title: 'b', state: 'public', words: 20, author: oid(1), deleted_at: gone },
  { _id: oid(13), title: 'c', state: 'public', words: 30, author: oid(1), deleted_at: null },
  { _id: oid(14), title: 'd', state: 'draft', words: 40, author: oid(1) },
  { _id: oid(15), title: 'e', words: 50, author: oid(2) },
  // A value of another kind means null, in the filter as in the record
  { _id: oid(16), title: 'f', state: 'public', words: 60, author: oid(2), deleted_at: 'never' },
]
const tags: Document[] = [{ _id: oid(21), title: 'g' }]

let api: SmallGateway
beforeAll(async () => {
  const app = { schema: builder.toSchema(), entities: [Author, Post, Tag], migrations: {} }
  api = await openAppGateway(
    app,
    new Map<Entity, readonly Document[]>([
      [Author, authors],
      [Post, posts],
      [Tag, tags],
    ]),
  )
}, 60_000)
afterAll(() => api?.close())

const edges = (...ns: number[]) => ({ edges: ns.map((n) => ({ node: { id: key(n) } })) })
const counted = (...ns: number[]) => ({ totalCount: ns.length, ...edges(...ns) })
const page4 = '{ totalCount edges { node { id } } }'
const ids = '{ edges { node { id } } }'

describe.each(stages)('What a type does not show by default, in %s', (stage) => {
  beforeAll(() => api.setStage(stage))
  const ask = async (query: string) => ((await api.ask(query)) as { data: object; errors?: unknown }) ?? {}

  test('stands in no list, no count and no page, but where it is asked for', async () => {
    const query = `{
      posts ${page4} allPosts ${page4} longPosts ${page4} postPage { id }
      found: posts(filter: { words: { gte: 20 } }, orderBy: [{ field: TITLE, direction: DESC }]) ${page4}
      titled ${page4} allTitled ${page4} authors ${page4}
      words(unscoped: false) all: words(unscoped: true)
    }`
    expect(await ask(query)).toEqual({
      data: {
        posts: counted(11, 13, 15, 16),
        allPosts: counted(11, 12, 13, 14, 15, 16),
        longPosts: counted(13, 15, 16),
        postPage: [11, 13, 15, 16].map((n) => ({ id: key(n) })),
        found: counted(16, 15, 13),
        titled: counted(11, 13, 15, 16, 21),
        allTitled: counted(11, 12, 13, 14, 15, 16, 21),
        authors: counted(1),
        words: [4],
        all: [6],
      },
    })
  })

  test('is no record by its id or by another field, and nobody refers to it', async () => {
    const query = `{
      kept: post(id: "${key(13)}") { title } gone: post(id: "${key(12)}") { title } draft: post(id: "${key(14)}") { title }
      any: anyPost(id: "${key(12)}") { title }
      ann: authorByName(name: "Ann") { id } bob: authorByName(name: "Bob") { id }
      e: post(id: "${key(15)}") { author { name } anyAuthor { name } }
      both(id: "${key(12)}", name: "Bob")
    }`
    expect(await ask(query)).toEqual({
      data: {
        kept: { title: 'c' },
        gone: null,
        draft: null,
        any: { title: 'b' },
        ann: { id: key(1) },
        bob: null,
        e: { author: null, anyAuthor: { name: 'Bob' } },
        both: ['none', 'there', 'none', 'there'],
      },
    })
  })

  test('is no child, and conditions of several fields of one parent stand side by side', async () => {
    const query = `{ authors { edges { node { posts ${page4} allPosts(first: 2) ${page4} longPosts ${page4} more: posts(first: 1) ${ids} long: wordsOf(long: true) all: wordsOf(long: false) } } } }`
    const node = {
      posts: counted(11, 13),
      allPosts: { totalCount: 4, ...edges(11, 12) },
      longPosts: counted(13),
      more: edges(11),
      long: [30],
      all: [10, 30],
    }
    expect(await ask(query)).toEqual({ data: { authors: { edges: [{ node }] } } })
  })

  test('is shown to whoever writes it, and comes back', async () => {
    const remove = (at: string | null) =>
      ask(`mutation { remove(id: "${key(11)}", at: ${JSON.stringify(at)}) { post { title deletedAt } } }`)
    const at = '2026-02-03T00:00:00.000Z'
    expect(await remove(at)).toEqual({ data: { remove: { post: { title: 'a', deletedAt: at } } } })
    if (stage !== 'off' && stage !== 'complete')
      await expect.poll(async () => (await compareStores(api.stores, Post)).different, { timeout: 20_000 }).toEqual([])
    expect(await ask(`{ post(id: "${key(11)}") { id } posts ${page4} }`)).toEqual({
      data: { post: null, posts: counted(13, 15, 16) },
    })
    expect(await remove(null)).toMatchObject({ data: { remove: { post: { deletedAt: null } } } })
    expect(await ask(`{ post(id: "${key(11)}") { title } }`)).toEqual({ data: { post: { title: 'a' } } })
  })
})

test.each<[string, object, string]>([
  ['a field that is none', { deleted: { eq: true } }, 'Post.defaultScope: '],
  ['a value of another kind', { words: { eq: 'many' } }, 'Post.defaultScope: '],
  ['a test that is none', { words: { above: 3 } }, 'Post.defaultScope: '],
])('is refused at start-up where it names %s', (_, scope, message) => {
  const wrong = { ...Post, defaultScope: scope as never }
  expect(() => checkScopes([wrong])).toThrow(
    expect.objectContaining({ code: 'MISCONFIGURED', message: expect.stringContaining(message) }),
  )
})
