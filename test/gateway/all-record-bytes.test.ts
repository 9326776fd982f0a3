import { defineEntity, int, load, text } from 'crossfade'
import { connection, createBuilder, entityType } from 'crossfade/pothos'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openAppGateway, type SmallGateway } from '../support/small-gateway.ts'

const Note = defineEntity('Note', { mongo: 'notes', postgres: 'notes', id: int(), fields: { text: text() } })
const large = 'x'.repeat(40_000)

let asked = 0
let gate = Promise.withResolvers<boolean>()

const builder = createBuilder()
const NoteType = entityType(builder, Note)
builder.queryType({
  fields: (t) => ({
    notes: connection(t, Note),
    note: t.field({
      type: NoteType,
      args: { id: t.arg.int({ required: true }) },
      resolve: (_, { id }, context, info) => load(context, info, Note, id),
    }),
    late: t.boolean({
      resolve: () => {
        asked++
        return gate.promise
      },
    }),
  }),
})
builder.subscriptionType({
  fields: (t) => ({
    ticks: t.field({
      type: NoteType,
      async *subscribe() {
        for (let n = 0; n < 6; n++) yield n
      },
      resolve: (_, __, context, info) => load(context, info, Note, 1),
    }),
    lateTick: t.field({
      type: NoteType,
      async *subscribe() {
        yield 1
      },
      async resolve(_, __, context, info) {
        const note = await load(context, info, Note, 1)
        asked++
        await gate.promise
        return note
      },
    }),
    begun: t.boolean({
      async subscribe(_, __, context, info) {
        await load(context, info, Note, 1, { reading: ['text'] })
        return (async function* () {
          yield 1
          await gate.promise
        })()
      },
      resolve: () => true,
    }),
  }),
})

let api: SmallGateway
const logged: string[] = []
beforeAll(async () => {
  api = await openAppGateway(
    { schema: builder.toSchema(), entities: [Note], migrations: {}, limits: { allRecordBytes: 130_000 } },
    new Map([[Note, [1, 2].map((_id) => ({ _id, text: large }))]]),
    { log: (_, message) => logged.push(message) },
  )
})
afterAll(() => api?.close())

const notes = 'notes(first: 2) { edges { node { text } } }'
const answered = { notes: { edges: [{ node: { text: large } }, { node: { text: large } }] } }

test('records of requests that are under way count together, until each is answered', async () => {
  gate = Promise.withResolvers()
  const first = api.ask(`{ ${notes} late }`)
  await expect.poll(() => asked).toBe(1)
  // It reads beside its waiting: by now it has
  await expect
    .poll(() => api.ask(`{ ${notes} }`))
    .toMatchObject({
      errors: [
        {
          message:
            'The requests under way hold as many records as the gateway takes (limits.allRecordBytes). Try again later.',
          extensions: { code: 'TRY_AGAIN' },
        },
      ],
    })
  expect(logged).toContainEqual(expect.stringMatching(/^limits\.allRecordBytes refuses the field notes: asked for /))
  gate.resolve(true)
  expect(await first).toEqual({ data: { ...answered, late: true } })
  for (let n = 0; n < 4; n++) expect(await api.ask(`{ ${notes} }`)).toEqual({ data: answered })
})

test('where it keeps more than a hundred fields from an answer, one error tells of all', async () => {
  gate = Promise.withResolvers()
  asked = 0
  const first = api.ask(`{ ${notes} late }`)
  await expect.poll(() => asked).toBe(1)
  await expect.poll(() => api.ask(`{ ${notes} }`)).toHaveProperty('errors')
  const many = Array.from({ length: 100 }, (_, n) => `a${n}: note(id: ${(n % 2) + 1}) { text }`).join(' ')
  const message =
    'The requests under way hold as many records as the gateway takes (limits.allRecordBytes). Try again later.'
  const answer = await api.ask(`{ note(id: 1) { text } ${many} }`)
  gate.resolve(true)
  expect(answer).toEqual({ errors: [{ message, extensions: { code: 'TRY_AGAIN' } }] })
  expect(await first).toEqual({ data: { ...answered, late: true } })
})

const subscribe = (field: string) =>
  fetch(api.gateway.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
    body: JSON.stringify({ query: `subscription { ${field} }` }),
  })

test('events of a subscription count each until it was told', async () => {
  const told = await (await subscribe('ticks { text }')).text()
  expect(told.split(large)).toHaveLength(7)
  expect(told).not.toContain('errors')
  gate = Promise.withResolvers()
  asked = 0
  const late = await Promise.all([1, 2].map(() => subscribe('lateTick { text }')))
  await expect.poll(() => asked).toBe(2)
  expect(await api.ask(`{ ${notes} }`)).toHaveProperty('errors')
  gate.resolve(true)
  for (const each of late) expect(await each.text()).toContain(large)
  expect(await api.ask(`{ ${notes} }`)).toEqual({ data: answered })
})

test('what a source has read counts no longer than until it is there', async () => {
  gate = Promise.withResolvers()
  const open = await Promise.all([1, 2, 3].map(() => subscribe('begun')))
  expect(await api.ask(`{ ${notes} }`)).toEqual({ data: answered })
  gate.resolve(true)
  for (const each of open) expect(await each.text()).toContain('{"data":{"begun":true}}')
})
