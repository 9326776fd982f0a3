import { defineEntity, int, reading, recordType, routedEach, text } from 'crossfade'
import {
  children,
  childrenPage,
  connection,
  connectionType,
  createBuilder,
  entityType,
  interfaceType,
  mergedChildren,
  mergedConnection,
  mergedConnectionType,
} from 'crossfade/pothos'
import { parse } from 'graphql'
import type { Document } from 'mongodb'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { Entity } from '../../src/entity/entity.ts'
import { costs } from '../../src/gateway/cost.ts'
import { limitsOf } from '../../src/gateway/limits.ts'
import { Reads } from '../../src/routing/reads.ts'
import { openAppGateway, type SmallGateway } from '../support/small-gateway.ts'

const told = { onId: int().at('on'), rank: int() }
const Note = defineEntity('Note', { mongo: 'notes', postgres: 'notes', id: int(), fields: told })
const Mark = defineEntity('Mark', { mongo: 'marks', postgres: 'marks', id: int(), fields: told })
const Post = defineEntity('Post', { mongo: 'posts', postgres: 'posts', id: int(), fields: { title: text() } })
const Photo = defineEntity('Photo', { mongo: 'photos', postgres: 'photos', id: int(), fields: { title: text() } })
const entities = [Note, Mark, Post, Photo]

const builder = createBuilder()
const NoteType = entityType(builder, Note)
const MarkType = entityType(builder, Mark)
const Told = builder.unionType('Told', { types: [NoteType, MarkType], resolveType: recordType })
const Work = interfaceType(builder, 'Work', [Post, Photo])
const PostType = entityType(builder, Post, { interfaces: [Work] })
const PhotoType = entityType(builder, Photo, { interfaces: [Work] })
/** What is told of a post has other bounds than what is told of a photo. */
const ofPost = { by: 'onId', order: { rank: 'asc' }, size: 1, max: 2 } as const
const ofPhoto = { by: 'onId', order: { rank: 'asc' }, size: 4, max: 6 } as const
const worth = routedEach(Note, {
  mongo: async (_, { of }: { readonly of?: string | null }, { parents }) => parents.map(() => of ?? null),
  postgres: async (_, { of }, { parents }) => parents.map(() => of ?? null),
  finish: (found: string | null) => found,
})
builder.objectFields(PostType, (t) => ({
  notes: children(t, Note, ofPost),
  list: childrenPage(t, Note, ofPost),
  told: mergedChildren(t, [Note, Mark], { ...ofPost, type: Told }),
  worth: t.string({ args: { of: t.arg.string({ defaultValue: 'post' }) }, ...reading(Post, [], worth) }),
}))
builder.objectFields(PhotoType, (t) => ({
  notes: children(t, Note, ofPhoto),
  list: childrenPage(t, Note, ofPhoto),
  told: mergedChildren(t, [Note, Mark], { ...ofPhoto, type: Told }),
  worth: t.string({ args: { of: t.arg.string({ defaultValue: 'photo' }) }, ...reading(Photo, [], worth) }),
}))
builder.interfaceFields(Work, (t) => {
  const nobody = (): never => {
    throw new Error('each type has a resolver of its own')
  }
  const paged = { first: t.arg.int(), after: t.arg.string(), last: t.arg.int(), before: t.arg.string() }
  const own = { nullable: false, resolve: nobody } as const
  return {
    notes: t.field({ ...own, type: connectionType(builder, Note), args: paged }),
    list: t.field({ ...own, type: [NoteType], args: { limit: t.arg.int(), offset: t.arg.int() } }),
    told: t.field({ ...own, type: mergedConnectionType(builder, Told), args: paged }),
    worth: t.string({ args: { of: t.arg.string() }, resolve: nobody }),
  }
})
builder.queryType({
  fields: (t) => ({
    works: mergedConnection(t, [Post, Photo], { type: Work }),
    photosFirst: mergedConnection(t, [Photo, Post], { type: Work }),
    posts: connection(t, Post),
    photos: connection(t, Photo),
  }),
})
const schema = builder.toSchema()

const numbered = (count: number, more: (n: number) => object = () => ({})) =>
  Array.from({ length: count }, (_, n) => ({ _id: n + 1, ...more(n) })) as unknown as Document[]
const documents = new Map<Entity, readonly Document[]>([
  [Note, numbered(16, (n) => ({ on: 1 + (n % 2), rank: n }))],
  [Mark, numbered(16, (n) => ({ on: 1 + (n % 2), rank: n }))],
  [Post, numbered(2)],
  [Photo, numbered(2)],
])

let api: SmallGateway
beforeAll(async () => {
  api = await openAppGateway({ schema, entities, migrations: {} }, documents)
}, 60_000)
afterAll(() => api?.close())

const asked = {
  notes: 'notes(first: $n) { edges { node { id } } }',
  list: 'list(limit: $n) { id }',
  told: 'told(first: $n) { edges { node { ... on Note { id } ... on Mark { id } } } }',
}
type Name = keyof typeof asked

async function ask(name: Name, size: number | null, list = 'works'): Promise<unknown> {
  const query = `query ($n: Int) { works: ${list} { edges { node { id ... on Work { ${asked[name]} } } } } }`
  return api.ask(query, { n: size })
}

describe.each<Name>(['notes', 'list', 'told'])('%s of several types, which an interface has', (name) => {
  test('are those of each type', async () => {
    const { data } = (await ask(name, null)) as {
      readonly data: {
        readonly works: { readonly edges: readonly { readonly node: Readonly<Record<Name, unknown>> }[] }
      }
    }
    const sizes = data.works.edges.map(({ node: { [name]: found } }) => {
      const { edges = found } = found as { readonly edges?: unknown }
      return (edges as unknown[]).length
    })
    expect(sizes).toEqual([1, 4, 1, 4])
  })

  test('have the bounds of each type', async () => {
    const size = name === 'list' ? 'limit' : 'first'
    const messages = [`${size} must be between 0 and 2, got 5.`]
    // Whichever type comes first
    for (const list of ['works', 'photosFirst']) {
      const { errors } = (await ask(name, 5, list)) as { readonly errors: readonly { readonly message: string }[] }
      expect(errors.map(({ message }) => message)).toEqual(messages)
    }
  })

  test('are counted for the fields of each type', async () => {
    const run = vi.spyOn(Reads.prototype, 'run')
    await ask(name, 1)
    const resolvers = new Set(run.mock.calls.map(([{ resolver }]) => resolver))
    run.mockRestore()
    expect(resolvers).toEqual(new Set(['Query.works', `Post.${name}`, `Photo.${name}`]))
  })
})

test('a field by hand of several types is asked with the arguments of each', async () => {
  expect(await api.ask('{ works { edges { node { worth } } } }')).toEqual({
    data: {
      works: { edges: ['post', 'photo', 'post', 'photo'].map((each) => ({ node: { worth: each } })) },
    },
  })
})

describe('what it costs to ask', () => {
  const costOf = costs(schema, entities, limitsOf({}))
  const cost = (below: string) => costOf(parse(`{ works(first: 2) { edges { node { ${below} } } } }`), undefined, {})

  // Two statements for the works, one for each type that has the field; works, edges, two nodes and the field of each
  test.each<[title: string, below: string, cost: number, nodes: number]>([
    ['no more than each type gives', '... on Work { notes(first: 99) { edges { node { id } } } }', 400 + 8 + 24, 14],
    ['the size of the type that gives most', '... on Work { notes { edges { node { id } } } }', 400 + 8 + 16, 10],
    ['a plain list', '... on Work { list { id } }', 400 + 6 + 8, 10],
    ['what stands before it', '... on Work { list(offset: 500) { id } }', 400 + 6 + 100 + 8, 10],
    [
      'several types below, of which each is counted',
      '... on Work { told { totalCount edges { node { __typename } } } }',
      1000 + 10 + 16,
      10,
    ],
  ])('%s', (_title, below, expected, nodes) => {
    expect(cost(below)).toEqual({ cost: expected, nodes })
  })

  test('what the type has, where it is known', () => {
    const count = (query: string) => costOf(parse(query), undefined, {})?.cost
    const plain = count('{ posts(first: 2) { edges { node { notes { edges { node { id } } } } } } }')
    expect(plain).toBe(200 + 8 + 4)
    expect(count('{ posts(first: 2) { edges { node { ... on Work { notes { edges { node { id } } } } } } } }')).toBe(
      plain,
    )
    const spread = '{ posts(first: 2) { edges { node { ...N } } } } fragment N on Work { ...M }'
    expect(count(`${spread} fragment M on Work { notes { edges { node { id } } } }`)).toBe(plain)
  })

  test('a count of several types is a statement for each', () => {
    const count = (query: string) => costOf(parse(query), undefined, {})?.cost
    expect(count('{ posts { totalCount } }')).toBe(202)
    expect(count('{ works { totalCount } }')).toBe(402)
    expect(
      count(
        '{ works { ...P } posts { ...Q } } fragment P on WorkConnection { totalCount } fragment Q on PostConnection { totalCount }',
      ),
    ).toBe(604)
  })
})
