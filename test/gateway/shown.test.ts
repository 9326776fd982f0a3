import { useGenericAuth } from '@envelop/generic-auth'
import { defineEntity, everything, type GatewayContext, int, text, where } from 'crossfade'
import {
  children,
  childrenPage,
  connection,
  createBuilder,
  entityType,
  page,
  record,
  reference,
} from 'crossfade/pothos'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { stages } from '../../src/stage/stage.ts'
import { openAppGateway, type SmallGateway } from '../support/small-gateway.ts'

const Shelf = defineEntity('Shelf', { mongo: 'shelves', postgres: 'shelves', id: int(), fields: { tenant: text() } })
const Jar = defineEntity('Jar', {
  mongo: 'jars',
  postgres: 'jars',
  id: int(),
  fields: { tenant: text(), shelfId: int().index() },
})

/** Who asks is known by a header, since what is tried here is what becomes of it. */
let asked = 0
function own({ user }: GatewayContext) {
  asked++
  return where(Jar, { tenant: { eq: user?.tenant ?? '' } })
}
const ownShelf = ({ user }: GatewayContext) => where(Shelf, { tenant: { eq: user?.tenant ?? '' } })

const builder = createBuilder()
const ShelfType = entityType(builder, Shelf)
const JarType = entityType(builder, Jar, { omit: ['shelfId'] })
builder.objectFields(ShelfType, (t) => ({
  jars: children(t, Jar, { by: 'shelfId', where: own }),
  jarPage: childrenPage(t, Jar, { by: 'shelfId', where: own }),
}))
builder.objectFields(JarType, (t) => ({ shelf: reference(t, Shelf, { of: 'shelfId', where: ownShelf }) }))
builder.queryType({
  fields: (t) => ({
    jar: record(t, Jar, { where: own }),
    anyJar: record(t, Jar, { where: () => everything }),
    jars: connection(t, Jar, { where: own }),
    jarPage: page(t, Jar, { where: own }),
    shelf: record(t, Shelf),
    shelves: connection(t, Shelf),
    careless: connection(t, Jar, { where: () => undefined as never }),
    guarded: record(t, Jar, { extensions: { directives: { authenticated: {} } } }),
    guardedJars: connection(t, Jar, { extensions: { directives: { authenticated: {} } } }),
  }),
})

const headerOf = (request: Request): string | null => request.headers.get('x-tenant')

let api: SmallGateway
beforeAll(async () => {
  const app = {
    schema: builder.toSchema(),
    entities: [Shelf, Jar],
    migrations: {},
    context: (request: Request) => ({ user: { name: '', tenant: headerOf(request) ?? '' } }),
    plugins: [
      useGenericAuth({
        mode: 'protect-granular',
        rejectUnauthenticated: false,
        resolveUserFn: ({ request }: { request: Request }) => (headerOf(request) === null ? null : { id: 1 }),
      }),
    ],
  }
  const shelves = [1, 2, 3].map((_id) => ({ _id, tenant: _id === 2 ? 'b' : 'a' }))
  const jars = [1, 2, 3, 4, 5].map((_id) => ({ _id, tenant: _id % 2 === 0 ? 'b' : 'a', shelfId: _id < 4 ? 1 : 2 }))
  api = await openAppGateway(
    app,
    new Map([
      [Shelf, shelves],
      [Jar, jars],
    ]),
  )
})
afterAll(() => api?.close())

async function ask(query: string, tenant?: string): Promise<{ data?: unknown; errors?: { message: string }[] }> {
  const headers = { 'content-type': 'application/json', ...(tenant === undefined ? {} : { 'x-tenant': tenant }) }
  const response = await fetch(api.gateway.url, { method: 'POST', headers, body: JSON.stringify({ query }) })
  return (await response.json()) as { data?: unknown }
}

const all = `{
  jar(id: 1) { id } other: jar(id: 2) { id } anyJar(id: 2) { id shelf { id } }
  jars(first: 5) { totalCount edges { node { id shelf { id } } } }
  jarPage { id }
  shelf(id: 1) { jars(first: 5) { totalCount edges { node { id } } } jarPage { id } }
}`

describe.each(stages)('A field whose condition goes by who asks, in stage %s', (stage) => {
  beforeAll(() => api.setStage(stage))

  const edges = (...ids: [id: string, shelf?: string | null][]) =>
    ids.map(([id, shelf]) => ({ node: shelf === undefined ? { id } : { id, shelf: shelf && { id: shelf } } }))

  test.each([
    [
      'a',
      {
        jar: { id: '1' },
        other: null,
        anyJar: { id: '2', shelf: { id: '1' } },
        jars: { totalCount: 3, edges: edges(['1', '1'], ['3', '1'], ['5', null]) },
        jarPage: [{ id: '1' }, { id: '3' }, { id: '5' }],
        shelf: { jars: { totalCount: 2, edges: edges(['1'], ['3']) }, jarPage: [{ id: '1' }, { id: '3' }] },
      },
    ],
    [
      'b',
      {
        jar: null,
        other: { id: '2' },
        anyJar: { id: '2', shelf: null },
        jars: { totalCount: 2, edges: edges(['2', null], ['4', '2']) },
        jarPage: [{ id: '2' }, { id: '4' }],
        shelf: { jars: { totalCount: 1, edges: edges(['2']) }, jarPage: [{ id: '2' }] },
      },
    ],
  ])('shows %s what is theirs', async (tenant, data) => {
    expect(await ask(all, tenant)).toEqual({ data })
  })

  test('shows those who ask at once no record of each other', async () => {
    const both = await Promise.all(
      Array.from({ length: 6 }, (_, n) => ask('{ jars { totalCount } }', n % 2 ? 'a' : 'b')),
    )
    expect(both).toEqual([2, 3, 2, 3, 2, 3].map((totalCount) => ({ data: { jars: { totalCount } } })))
  })
})

test('a condition is asked for once a field and request, however many parents there are', async () => {
  asked = 0
  const { data } = await ask('{ shelves { edges { node { jars { totalCount } } } } }', 'a')
  expect(data).toEqual({
    shelves: { edges: [2, 1, 0].map((totalCount) => ({ node: { jars: { totalCount } } })) },
  })
  expect(asked).toBe(1)
})

test('one that returns nothing shows nothing', async () => {
  const { data, errors } = await ask('{ careless { totalCount } }', 'a')
  expect(data ?? null).toBeNull()
  expect(errors).toHaveLength(1)
})

test('a kept plugin finds its rules at fields of the kit', async () => {
  const query = '{ guarded(id: 1) { id } }'
  expect((await ask(query, 'a')).data).toEqual({ guarded: { id: '1' } })
  expect((await ask(query)).data).toEqual({ guarded: null })
  const list = '{ guardedJars { totalCount } }'
  expect((await ask(list, 'a')).data).toEqual({ guardedJars: { totalCount: 5 } })
  expect((await ask(list)).data).toEqual({ guardedJars: null })
})
