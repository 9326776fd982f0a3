import { type Asked, defineEntity, load, objectId, only, reading, routed, text, write } from 'crossfade'
import { createBuilder, entityType, payloadType, record } from 'crossfade/pothos'
import { GraphQLError } from 'graphql'
import type { Plugin } from 'graphql-yoga'
import { ObjectId } from 'mongodb'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { openAppGateway, type SmallGateway } from '../support/small-gateway.ts'

declare module 'crossfade' {
  interface AppContext {
    readonly user?: { readonly name: string; readonly tenant: string }
  }
}

class Forbidden extends Error {}

const Note = defineEntity('Note', {
  mongo: 'notes',
  postgres: 'notes',
  id: objectId(),
  fields: { text: text(), owner: text().index() },
})
const builder = createBuilder()
const NoteType = entityType(builder, Note, { omit: ['owner'] })
builder.objectFields(NoteType, (t) => ({
  siblings: t.int({
    nullable: false,
    ...reading(
      Note,
      ['owner'],
      routed(Note, {
        async mongo({ aggregate }, _args: object, { parent, context }: Asked<{ readonly owner: string | null }>) {
          const $match = { owner: parent.owner, text: { $ne: context.user?.name } }
          return (await aggregate<{ n: number }>(Note, [{ $match }, { $count: 'n' }]))[0]?.n ?? 0
        },
        async postgres({ sql, run, from }, _args, { parent, context }) {
          const isOther = sql`t.text is distinct from ${context.user?.name}`
          const rows = await run<{ n: string }>(
            sql`select count(*) as n from ${from(Note)} where t.owner = ${parent.owner} and ${isOther}`,
          )
          return Number(rows[0]!.n)
        },
        finish: (n: number, _args, { context }) => n * (context.user?.tenant === 'double' ? 2 : 1),
      }),
    ),
  }),
}))
builder.queryType({
  fields: (t) => ({
    note: record(t, Note),
    me: t.string({ resolve: (_, __, { user }) => user?.name ?? null }),
    mine: t.field({
      type: NoteType,
      args: { id: t.arg.id({ required: true }) },
      resolve: async (_, { id }, context, info) => {
        const note = await load(context, info, Note, id, { reading: ['owner'] })
        if (note && note.owner !== context.user?.tenant) throw new Forbidden('It is another tenant’s.')
        return note
      },
    }),
    broken: t.string({
      resolve: () => {
        throw new Error('a secret')
      },
    }),
  }),
})
builder.mutationType({
  fields: (t) => ({
    addNote: t.field({
      type: payloadType(builder, Note, 'note'),
      nullable: false,
      extensions: { writes: only(Note) },
      resolve: (_, __, context, info) =>
        write(context, info, async (tx) => ({
          note: await tx.of(Note).create({ text: 'new', owner: context.user?.tenant ?? null }),
        })),
    }),
  }),
})
const idOf = (n: number): string => n.toString(16).padStart(24, '0')
const documents = ['Ann', 'one', 'two'].map((each, index) => ({
  _id: new ObjectId(idOf(index + 1)),
  text: each,
  owner: index < 2 ? 'acme' : 'other',
}))

const seen: string[] = []
const logged: string[] = []
const noting = (name: string): Plugin => ({
  onExecute: () => {
    seen.push(`${name} before`)
    return { onExecuteDone: () => void seen.push(`${name} after`) }
  },
})

/** Answers at a path of its own. */
const files: Plugin = {
  onRequest({ url, endResponse, fetchAPI }) {
    if (url.pathname.startsWith('/files/')) endResponse(new fetchAPI.Response('no such file', { status: 404 }))
  },
}

let api: SmallGateway
const ask = async (query: string, headers: Record<string, string> = {}) => {
  const body = JSON.stringify({ query })
  const response = await fetch(api.gateway.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
  })
  return response.json() as Promise<unknown>
}
const ann = { 'x-user': 'Ann', 'x-tenant': 'acme' }

beforeAll(async () => {
  api = await openAppGateway(
    {
      schema: builder.toSchema(),
      entities: [Note],
      migrations: {},
      path: '/api/graphql',
      plugins: [noting('first'), noting('second'), files],
      async context(request) {
        const name = request.headers.get('x-user')
        if (name === 'nobody') throw new GraphQLError('Who are you?', { extensions: { code: 'UNAUTHENTICATED' } })
        if (name === 'bug') throw new Error('a secret')
        if (name === 'taken') return { signal: 1 } as object
        return name ? { user: { name, tenant: request.headers.get('x-tenant') ?? '' } } : {}
      },
      showError: (error) =>
        error instanceof Forbidden ? new GraphQLError(error.message, { extensions: { code: 'FORBIDDEN' } }) : null,
    },
    new Map([[Note, documents]]),
    { log: (_, message) => void logged.push(message) },
  )
})
afterAll(() => api?.close())
beforeEach(() => {
  seen.length = 0
  logged.length = 0
})

test('GraphQL answers at the path of the configuration, and nowhere else', async () => {
  expect(api.gateway.url).toMatch(/:\d+\/api\/graphql$/)
  expect(await ask('{ me }')).toEqual({ data: { me: null } })
  const elsewhere = await fetch(api.gateway.url.replace('/api', ''))
  expect(elsewhere.status).toBe(404)
  expect(await elsewhere.text()).toContain('GraphQL is at /api/graphql.')
})

test('what a plugin answers elsewhere stays as it is', async () => {
  const file = await fetch(new URL('/files/a', api.gateway.url))
  expect([file.status, await file.text()]).toEqual([404, 'no such file'])
})

describe.each(['shadow', 'live'] as const)('in %s', (stage) => {
  beforeAll(() => api.setStage(stage))

  test("resolvers, sides of routed fields and writes see the app's own context", async () => {
    expect(await ask('{ me }', ann)).toEqual({ data: { me: 'Ann' } })
    const siblings = `{ note(id: "${idOf(1)}") { siblings } }`
    expect(await ask(siblings, ann)).toEqual({ data: { note: { siblings: 1 } } })
    expect(await ask(siblings, { ...ann, 'x-tenant': 'double' })).toEqual({ data: { note: { siblings: 2 } } })
    expect(await ask(siblings)).toEqual({ data: { note: { siblings: 2 } } })
    const { data } = (await ask('mutation { addNote { note { id } } }', { 'x-user': 'Bob', 'x-tenant': stage })) as {
      data: { addNote: { note: { id: string } } }
    }
    const { id } = data.addNote.note
    for (const { outbox } of [api.stores.mongo, api.stores.postgres]) {
      const read = async () => (await outbox.images(Note, [id]))[0]?.record?.['owner']
      await expect.poll(read, { timeout: 30_000 }).toBe(stage) // the reply waits for the mirror a little, and no more
    }
  })

  test("errors of the app's own classes are shown as it says, and others are masked", async () => {
    expect(await ask(`{ mine(id: "${idOf(3)}") { id } }`, ann)).toMatchObject({
      data: { mine: null },
      errors: [{ message: 'It is another tenant’s.', path: ['mine'], extensions: { code: 'FORBIDDEN' } }],
    })
    expect(await ask('{ broken }', ann)).toMatchObject({
      errors: [
        { message: expect.stringMatching(/^Unexpected error\./), extensions: { code: 'INTERNAL_SERVER_ERROR' } },
      ],
    })
    expect(logged).toEqual([expect.stringMatching(/^Unexpected error .*: a secret$/)])
  })
})

test("plugins run in the configuration's order, behind the limits", async () => {
  await ask('{ me }')
  expect(seen).toEqual(['first before', 'second before', 'first after', 'second after'])
  seen.length = 0
  await ask(`{ ${'me '.repeat(20_000)} }`)
  expect(seen).toEqual([])
})

test('a context that cannot be made is the one error of the request', async () => {
  const refused = (await ask('{ me }', { 'x-user': 'nobody' })) as { errors: unknown[] }
  expect(refused).toMatchObject({ errors: [{ message: 'Who are you?', extensions: { code: 'UNAUTHENTICATED' } }] })
  expect(refused.errors).toHaveLength(1)
  const masked = {
    message: expect.stringMatching(/^Unexpected error\./),
    extensions: { code: 'INTERNAL_SERVER_ERROR' },
  }
  expect(await ask('{ me }', { 'x-user': 'bug' })).toMatchObject({ errors: [masked] })
  expect(logged).toEqual([expect.stringMatching(/: a secret$/)])
  expect(await ask('{ me }', { 'x-user': 'taken' })).toMatchObject({ errors: [masked] })
  expect(logged[1]).toMatch(/: context: "signal" is a name of Crossfade's own\. Give it another\.$/)
  expect(seen).toEqual([])
})
