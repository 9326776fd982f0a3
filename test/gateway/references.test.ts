import { makeExecutableSchema } from '@graphql-tools/schema'
import {
  defineEntity,
  embed,
  type GatewayContext,
  int,
  json,
  list,
  load,
  loadChildren,
  type Narrow,
  reading,
  recordType,
  text,
  typed,
} from 'crossfade'
import type { GraphQLResolveInfo } from 'graphql'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Entity } from '../../src/entity/entity.ts'
import { stages } from '../../src/stage/stage.ts'
import { openAppGateway, type SmallGateway } from '../support/small-gateway.ts'

const Club = defineEntity('Club', { mongo: 'clubs', postgres: 'clubs', id: int(), fields: { name: text() } })
const Person = defineEntity('Person', {
  mongo: 'people',
  postgres: 'people',
  id: int(),
  fields: {
    name: text(),
    friendIds: list(int()),
    about: embed({ type: text(), id: int() }),
    roles: json(),
  },
})
const Membership = defineEntity('Membership', {
  mongo: 'memberships',
  postgres: 'memberships',
  id: int(),
  fields: { personId: int(), clubId: int(), since: int() },
})

const typeDefs = `
  type Query { person(id: ID!): Person }
  type Person {
    id: ID!
    name: String
    friends: [Person]!
    about: Subject
    roles: [Role!]!
    memberships(first: Int, after: String): MembershipConnection!
    clubs: [Club]!
  }
  type Club { id: ID! name: String }
  union Subject = Club | Person
  type Role { name: String club: Club }
  type Membership { id: ID! club: Club }
  type MembershipEdge { cursor: String! node: Membership since: Int }
  type MembershipConnection { edges: [MembershipEdge!]! totalCount: Int! title: String }
`
type Info = GraphQLResolveInfo
type Member = Narrow<typeof Membership, 'since'>

const byYear = [{ path: 'since', direction: 'asc' }] as const
const roleNames = (roles: unknown): [string, string][] => Object.entries((roles ?? {}) as Record<string, string>)

const resolvers = {
  Query: {
    person: (_: unknown, { id }: { id: string }, context: GatewayContext, info: Info) =>
      load(context, info, Person, id),
  },
  Person: {
    // A list of ids, in its order, with what stands in it twice
    friends: reading(Person, ['friendIds'], ({ friendIds }, _: object, context, info) =>
      (friendIds ?? []).map((id) => load(context, info, Person, id)),
    ),
    // { type, id }
    about: reading(Person, ['about'], async ({ about }, _: object, context, info) => {
      if (about?.type === 'club') return typed(Club, await load(context, info, Club, about.id))
      return about?.type === 'person' ? typed(Person, await load(context, info, Person, about.id)) : null
    }),
    // A map by ids
    roles: reading(Person, ['roles'], ({ roles }) => roleNames(roles).map(([clubId, name]) => ({ name, clubId }))),
    memberships: {
      extensions: { needs: [] },
      resolve: ({ id }: { id: number }, page: { first?: number }, context: GatewayContext, info: Info) =>
        loadChildren(context, info, Membership, 'personId', id, byYear, page, { reading: ['since'] }),
    },
    // Through a join collection
    clubs: {
      extensions: { needs: [] },
      async resolve({ id }: { id: number }, _: object, context: GatewayContext, info: Info) {
        const reads = { reading: ['clubId'] } as const
        const joined = await loadChildren(context, info, Membership, 'personId', id, byYear, { first: 50 }, reads)
        return (await joined.nodes()).map(({ clubId }) => load(context, info, Club, clubId))
      },
    },
  },
  Subject: { __resolveType: recordType },
  Role: {
    club: ({ clubId }: { clubId: string }, _: object, context: GatewayContext, info: Info) =>
      load(context, info, Club, clubId),
  },
  Membership: {
    club: reading(Membership, ['clubId'], ({ clubId }, _: object, context, info) => load(context, info, Club, clubId)),
  },
  // Fields of the contract's own on an edge and on a connection
  MembershipEdge: { since: ({ node }: { node: Member }) => node.since },
  MembershipConnection: { title: () => 'Where they belong' },
}

const documents = new Map<Entity, object[]>([
  [
    Club,
    [
      { _id: 1, name: 'Chess' },
      { _id: 2, name: 'Rowing' },
    ],
  ],
  [
    Person,
    [
      { _id: 1, name: 'Ann', friendIds: [3, 2, 9, 3], about: { type: 'club', id: 2 }, roles: { 2: 'cox', 1: 'judge' } },
      { _id: 2, name: 'Bob', about: { type: 'person', id: 1 } },
      { _id: 3, name: 'Cy', friendIds: [], about: { type: 'ship', id: 1 } },
    ],
  ],
  [
    Membership,
    [
      { _id: 1, personId: 1, clubId: 1, since: 2020 },
      { _id: 2, personId: 1, clubId: 2, since: 2010 },
      { _id: 3, personId: 1, clubId: 7, since: 2015 },
      { _id: 4, personId: 2, clubId: 1, since: 2022 },
    ],
  ],
])

let api: SmallGateway
beforeAll(async () => {
  const schema = makeExecutableSchema({ typeDefs, resolvers })
  api = await openAppGateway({ schema, entities: [Club, Person, Membership], migrations: {} }, documents as never)
})
afterAll(() => api?.close())

const [chess, rowing] = [{ name: 'Chess' }, { name: 'Rowing' }]

describe.each(stages)('References in stage %s', (stage) => {
  beforeAll(() => api.setStage(stage))

  test.each([
    ['by a list of ids', 1, 'friends { name }', { friends: [{ name: 'Cy' }, { name: 'Bob' }, null, { name: 'Cy' }] }],
    ['by no list', 2, 'friends { name }', { friends: [] }],
    [
      'to one of several types',
      1,
      'about { __typename ...on Club { name } }',
      { about: { __typename: 'Club', ...rowing } },
    ],
    [
      'to another of them',
      2,
      'about { __typename ...on Person { name friends { id } } }',
      { about: { __typename: 'Person', name: 'Ann', friends: [{ id: '3' }, { id: '2' }, null, { id: '3' }] } },
    ],
    ['to none of them', 3, 'about { __typename }', { about: null }],
    [
      'by a map',
      1,
      'roles { name club { name } }',
      {
        roles: [
          { name: 'judge', club: chess },
          { name: 'cox', club: rowing },
        ],
      },
    ],
    ['through a join collection', 1, 'clubs { name }', { clubs: [rowing, null, chess] }],
    [
      'of an edge with fields of its own',
      1,
      'memberships(first: 2) { title totalCount edges { since node { club { name } } } }',
      {
        memberships: {
          title: 'Where they belong',
          totalCount: 3,
          edges: [
            { since: 2010, node: { club: rowing } },
            { since: 2015, node: { club: null } },
          ],
        },
      },
    ],
    ['of an edge alone', 2, 'memberships { edges { since } }', { memberships: { edges: [{ since: 2022 }] } }],
  ])('%s', async (_, id, selection, person) => {
    expect(await api.ask(`{ person(id: ${id}) { ${selection} } }`)).toEqual({ data: { person } })
  })
})
