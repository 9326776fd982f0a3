import { DIRECTIVE_SDL, REQUIRES_SCOPES_DIRECTIVE_SDL, useGenericAuth } from '@envelop/generic-auth'
import { makeExecutableSchema } from '@graphql-tools/schema'
import { defineEntity, type GatewayContext, int, load, only, text, write } from 'crossfade'
import type { GraphQLResolveInfo } from 'graphql'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { stages } from '../../src/stage/stage.ts'
import { openAppGateway, type SmallGateway } from '../support/small-gateway.ts'

const Staff = defineEntity('Staff', {
  mongo: 'staff',
  postgres: 'staff',
  id: int(),
  fields: { name: text(), salary: int(), motto: text() },
})

const typeDefs = `
  ${DIRECTIVE_SDL}
  ${REQUIRES_SCOPES_DIRECTIVE_SDL}
  type Query { staff(id: ID!): Staff }
  type Mutation { raise(id: ID!, salary: Int!): Staff @requiresScopes(scopes: [["payroll"]]) }
  type Staff {
    id: ID!
    name: String
    motto: String @authenticated
    salary: Int @requiresScopes(scopes: [["payroll"]])
  }
`
interface Args {
  readonly id: string
  readonly salary: number
}
const resolvers = {
  Query: {
    staff: (_: unknown, { id }: Args, context: GatewayContext, info: GraphQLResolveInfo) =>
      load(context, info, Staff, id),
  },
  Mutation: {
    raise: {
      extensions: { writes: only(Staff) },
      resolve: (_: unknown, { id, salary }: Args, context: GatewayContext, info: GraphQLResolveInfo) =>
        write(context, info, (tx) => tx.of(Staff).patch(id, { salary })),
    },
  },
}

/** Who asks is known by a header, since what is tried here is what becomes of it. */
const auth = useGenericAuth({
  mode: 'protect-granular',
  rejectUnauthenticated: false,
  resolveUserFn({ request }: { request: Request }) {
    const scope = request.headers.get('x-scopes')
    return scope === null ? null : { scope }
  },
})

let api: SmallGateway
beforeAll(async () => {
  const app = {
    schema: makeExecutableSchema({ typeDefs, resolvers }),
    entities: [Staff],
    migrations: {},
    plugins: [auth],
  }
  api = await openAppGateway(app, new Map([[Staff, [{ _id: 1, name: 'Ann', salary: 5, motto: 'On.' }]]]))
})
afterAll(() => api?.close())

async function ask(query: string, scopes?: string): Promise<{ data: unknown; errors?: { path: string[] }[] }> {
  const headers = { 'content-type': 'application/json', ...(scopes === undefined ? {} : { 'x-scopes': scopes }) }
  const response = await fetch(api.gateway.url, { method: 'POST', headers, body: JSON.stringify({ query }) })
  return (await response.json()) as { data: unknown }
}

const everything = '{ staff(id: 1) { name motto salary } }'

describe.each(stages)('Rules of a plugin, in stage %s', (stage) => {
  beforeAll(() => api.setStage(stage))

  test.each([
    ['nobody', undefined, { name: 'Ann', motto: null, salary: null }, ['motto', 'salary']],
    ['somebody', '', { name: 'Ann', motto: 'On.', salary: null }, ['salary']],
    ['the payroll', 'payroll', { name: 'Ann', motto: 'On.', salary: 5 }, []],
  ])('show %s what is theirs', async (_, scopes, staff, refused) => {
    const { data, errors = [] } = await ask(everything, scopes)
    expect(data).toEqual({ staff })
    expect(errors.map(({ path }) => path.at(-1)).sort()).toEqual(refused)
  })

  test('let only those write who may', async () => {
    const raise = 'mutation { raise(id: 1, salary: 99) { name } }'
    expect((await ask(raise, 'kitchen')).data).toEqual({ raise: null })
    expect((await ask(everything, 'payroll')).data).toMatchObject({ staff: { salary: 5 } })
  })
})
