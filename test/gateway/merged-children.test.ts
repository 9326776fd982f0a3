import { makeExecutableSchema } from '@graphql-tools/schema'
import type { GatewayContext, PageArgs } from 'crossfade'
import { defineEntity, int, loadMergedChildren, reading, recordType, text } from 'crossfade'
import {
  connection,
  createBuilder,
  entityType,
  interfaceType,
  type MergedChildrenOptions,
  mergedChildren,
} from 'crossfade/pothos'
import { type GraphQLSchema, printSchema } from 'graphql'
import type { Document } from 'mongodb'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { Entity } from '../../src/entity/entity.ts'
import { contractOrders } from '../../src/resolve/contract-orders.ts'
import { Reads } from '../../src/routing/reads.ts'
import { stages } from '../../src/stage/stage.ts'
import { openAppGateway, type SmallGateway } from '../support/small-gateway.ts'

const Post = defineEntity('Post', { mongo: 'posts', postgres: 'posts', id: int(), fields: { topic: text() } })
const said = { postId: int().at('post'), rank: int() }
const Comment = defineEntity('Comment', {
  mongo: 'comments',
  postgres: 'comments',
  id: int(),
  fields: { ...said, body: text() },
})
const Vote = defineEntity('Vote', {
  mongo: 'votes',
  postgres: 'votes',
  id: int(),
  fields: { ...said, weight: int() },
})
const entities = [Post, Comment, Vote]

const builder = createBuilder()
const Activity = interfaceType(builder, 'Activity', [Comment, Vote], { fields: ['rank'] })
entityType(builder, Comment, { interfaces: [Activity] })
entityType(builder, Vote, { interfaces: [Activity] })
const options = { type: Activity, by: 'postId', order: { rank: 'desc' } } as const satisfies MergedChildrenOptions<
  typeof Comment | typeof Vote
>
builder.objectFields(entityType(builder, Post), (t) => ({ activity: mergedChildren(t, [Comment, Vote], options) }))
builder.queryType({ fields: (t) => ({ posts: connection(t, Post) }) })
const schema = builder.toSchema()

const documents = new Map<Entity, readonly Document[]>([
  [Post, [{ _id: 1, topic: 'a' }, { _id: 2 }, { _id: 3 }] as unknown as Document[]],
  [
    Comment,
    [
      { _id: 1, post: 1, rank: 5, body: 'five' },
      { _id: 2, post: 1, rank: 2, body: 'two' },
      { _id: 3, post: 2, body: 'of the second' },
      { _id: 4, post: 1, rank: 3, body: 'three' },
      { _id: 5, body: 'of none' },
    ] as unknown as Document[],
  ],
  [
    Vote,
    [
      { _id: 1, post: 1, rank: 5, weight: 50 },
      { _id: 2, post: 1, weight: 0 },
      { _id: 3, post: 2, rank: 1, weight: 10 },
      { _id: 4, post: 1, rank: 4, weight: 40 },
    ] as unknown as Document[],
  ],
])
/** Of the first post, as they stand by rank; those that are equal in it go by their ids, and those of one id by their types. */
const ofFirst = ['C1', 'V1', 'V4', 'C4', 'C2', 'V2']

let api: SmallGateway
beforeAll(async () => {
  api = await openAppGateway({ schema, entities, migrations: {} }, documents)
}, 60_000)
afterAll(() => api?.close())

interface Page {
  readonly edges: readonly { readonly cursor: string; readonly node: { readonly id: string; readonly type: string } }[]
  readonly pageInfo: { readonly hasNextPage: boolean; readonly hasPreviousPage: boolean }
  readonly totalCount: number
}
const query = `query ($first: Int, $after: String, $last: Int, $before: String) { posts { nodes: edges { node {
  id activity(first: $first, after: $after, last: $last, before: $before) {
    totalCount edges { cursor node { id type: __typename } } pageInfo { hasNextPage hasPreviousPage } } } } } }`

/** Of each post. */
async function pages(variables: object): Promise<readonly Page[]> {
  const { data, errors } = (await api.ask(query, variables)) as {
    readonly data: { readonly posts: { readonly nodes: readonly { readonly node: { readonly activity: Page } }[] } }
    readonly errors?: unknown
  }
  expect(errors).toBeUndefined()
  return data.posts.nodes.map(({ node }) => node.activity)
}
const named = ({ edges }: Page): string[] => edges.map(({ node: { id, type } }) => `${type[0]}${id}`)

describe.each(stages)('The records of several types below a parent, in %s', (stage) => {
  beforeAll(() => api.setStage(stage))

  test('are in one order, each parent with its own, and counted', async () => {
    const found = await pages({})
    expect(found.map(named)).toEqual([ofFirst, ['V3', 'C3'], []])
    expect(found.map(({ totalCount }) => totalCount)).toEqual([6, 2, 0])
  })

  test('come in pages of any size, both ways', async () => {
    for (const size of [1, 2, 3, 6])
      for (const back of [false, true]) {
        const walked: string[][] = []
        for (let cursor: string | undefined; ; ) {
          const [page] = await pages(back ? { last: size, before: cursor } : { first: size, after: cursor })
          walked.push(named(page!))
          cursor = page!.edges.at(back ? 0 : -1)?.cursor
          if (!(back ? page!.pageInfo.hasPreviousPage : page!.pageInfo.hasNextPage)) break
          expect(walked.length).toBeLessThan(7)
        }
        expect((back ? walked.toReversed() : walked).flat()).toEqual(ofFirst)
      }
  })
})

test('all parents share one statement for each type, and one for each count', async () => {
  const run = vi.spyOn(Reads.prototype, 'run')
  await pages({ first: 2 })
  const asked = run.mock.calls.map(([{ entity, resolver }]) => `${resolver} ${entity.name}`)
  run.mockRestore()
  expect(asked.toSorted()).toEqual([
    'Post.activity Comment',
    'Post.activity Vote',
    'Post.activity.totalCount Comment',
    'Post.activity.totalCount Vote',
    'Query.posts Post',
  ])
})

test('a cursor that was altered is refused', async () => {
  const [page] = await pages({ first: 1 })
  const { errors } = (await api.ask(query, { after: `${page!.edges[0]!.cursor}x` })) as {
    readonly errors: readonly { readonly extensions: { readonly code: string } }[]
  }
  expect(errors[0]!.extensions.code).toBe('BAD_USER_INPUT')
})

test('the contract tells which indexes they go by, of each type', () => {
  const keys = [{ path: 'rank', direction: 'desc' }]
  for (const entity of ['Comment', 'Vote'])
    expect(contractOrders(schema, entities).get(entity)).toContainEqual({
      because: 'Post.activity',
      by: 'postId',
      keys,
    })
})

test('a field that one of the types has as another kind is refused when the schema is made', () => {
  const Other = defineEntity('Other', { mongo: 'o', postgres: 'o', id: int(), fields: { ...said, postId: text() } })
  const made = createBuilder()
  const Both = interfaceType(made, 'Both', [Comment, Other], { fields: ['rank'] })
  entityType(made, Comment, { interfaces: [Both] })
  entityType(made, Other, { interfaces: [Both] })
  const all = { type: Both, by: 'postId' } as const
  made.objectFields(entityType(made, Post), (t) => ({ all: mergedChildren(t, [Comment, Other], all) }))
  made.queryType({ fields: (t) => ({ posts: connection(t, Post) }) })
  expect(() => made.toSchema()).toThrow('Comment.postId and Other.postId are of two kinds, int and text')
})

describe('In a schema of the team’s own', () => {
  let own: SmallGateway
  beforeAll(async () => {
    const resolvers = {
      Activity: { __resolveType: recordType },
      Post: {
        activity: reading(Post, [], ({ id }, page: PageArgs, context: GatewayContext, info) =>
          loadMergedChildren(context, info, [Comment, Vote], 'postId', id, [{ path: 'rank', direction: 'desc' }], page),
        ),
      },
    }
    const typeDefs = printSchema(schema)
    const made: GraphQLSchema = makeExecutableSchema({
      typeDefs,
      resolvers: {
        ...resolvers,
        Query: { posts: schema.getQueryType()!.getFields()['posts']!.resolve! },
      },
    })
    own = await openAppGateway({ schema: made, entities, migrations: {} }, documents)
  }, 60_000)
  afterAll(() => own?.close())

  test('it is the same', async () => {
    const asked =
      '{ posts { edges { node { activity(first: 3) { totalCount edges { node { __typename ... on Vote { weight } ... on Comment { body } } } } } } } }'
    expect(await own.ask(asked)).toMatchObject({
      data: {
        posts: {
          edges: [
            {
              node: {
                activity: {
                  totalCount: 6,
                  edges: [
                    { node: { __typename: 'Comment', body: 'five' } },
                    { node: { __typename: 'Vote', weight: 50 } },
                    { node: { __typename: 'Vote', weight: 40 } },
                  ],
                },
              },
            },
            {},
            {},
          ],
        },
      },
    })
  })
})
