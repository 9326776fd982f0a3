import { defineEntity, int, routed, text } from 'crossfade'
import { connection, createBuilder, entityType } from 'crossfade/pothos'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Limits } from '../../src/gateway/limits.ts'
import { openAppGateway, type SmallGateway } from '../support/small-gateway.ts'

const Note = defineEntity('Note', { mongo: 'notes', postgres: 'notes', id: int(), fields: { text: text() } })
const builder = createBuilder()
entityType(builder, Note)
builder.queryType({
  fields: (t) => ({
    notes: connection(t, Note),
    words: t.field({
      type: ['String'],
      args: { words: t.arg.stringList({ required: true }) },
      resolve: routed(Note, {
        mongo: async (_, { words }: { words: readonly string[] }) => [...words],
        postgres: async (_, { words }: { words: readonly string[] }) => [...words],
        finish: (found: string[]) => found,
      }),
    }),
  }),
})
const schema = builder.toSchema()
const notes = Array.from({ length: 12 }, (_, n) => ({ _id: n + 1, text: 't' }))

const limits: Partial<Limits> = {
  tokens: 100,
  depth: 4,
  aliases: 3,
  directives: 1,
  inputObjects: 5,
  nodes: 30,
  cost: 500,
  statements: 3,
  records: 15,
  textLength: 10,
  bodyBytes: 2_000,
}

/** Requests, each past one limit; how the log tells of it. */
const past: readonly (readonly [limit: string, request: object, line: string])[] = [
  ['tokens', { query: `query Long { ${'__typename '.repeat(101)} }` }, 'an operation: asked for more, allowed 100'],
  [
    'depth',
    { query: 'query Deep { __type(name: "Note") { fields { type { ofType { name } } } } }' },
    'operation Deep: asked for 5, allowed 4',
  ],
  [
    'aliases',
    { query: '{ a: __typename b: __typename c: __typename d: __typename }' },
    'an operation without a name: asked for 4, allowed 3',
  ],
  [
    'directives',
    { query: 'query Skips { __typename @skip(if: false) @include(if: true) }' },
    'operation Skips: asked for 2, allowed 1',
  ],
  [
    'inputObjects',
    {
      query: 'query Other { __typename } query Many { __typename }',
      operationName: 'Many',
      variables: { a: [[], [], [], [], []] },
    },
    'operation Many: asked for more, allowed 5',
  ],
  [
    'nodes',
    { query: 'query Page { notes(first: 31) { edges { node { id } } } }' },
    'operation Page: asked for 31, allowed 30',
  ],
  [
    'cost',
    { query: 'query Counts { a: notes { totalCount } b: notes { totalCount } c: notes { totalCount } }' },
    'operation Counts: asked for 606, allowed 500',
  ],
]
const pastWhileItRuns: readonly (readonly [limit: string, request: object, line: string])[] = [
  [
    'statements',
    {
      query:
        '{ a: notes(first: 1) { totalCount edges { cursor } } b: notes(first: 1) { totalCount edges { cursor } } }',
    },
    'the field notes: asked for 4, allowed 3',
  ],
  [
    'records',
    { query: '{ a: notes(first: 12) { edges { cursor } } b: notes(first: 9) { edges { cursor } } }' },
    'the field notes: asked for 22, allowed 15',
  ],
  [
    'textLength',
    { query: 'query Words { a: words(words: ["a secret of a client"]) }' },
    'the field words: asked for 20, allowed 10',
  ],
  ['bodyBytes', { query: `# ${'x'.repeat(2_000)}\n{ __typename }` }, 'a request: asked for more, allowed 2000'],
]

const logged: string[] = []
const open = (reportOnly: boolean) =>
  openAppGateway(
    { schema, entities: [Note], migrations: {}, limits: { ...limits, reportOnly } },
    new Map([[Note, notes]]),
    { log: (_, message) => logged.push(message) },
  )

interface Answer {
  readonly data?: Record<string, unknown>
  readonly errors?: readonly { readonly message: string }[]
}
async function ask(api: SmallGateway, request: object): Promise<Answer> {
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(api.gateway.url, { method: 'POST', headers, body: JSON.stringify(request) })
  return response.json()
}

describe('a limit that refuses', () => {
  let api: SmallGateway
  beforeAll(async () => {
    api = await open(false)
    await api.setStage('off')
  })
  afterAll(() => api?.close())
  beforeEach(() => {
    logged.length = 0
  })

  test.each([...past, ...pastWhileItRuns])(
    '%s is told to client and operator by its key, once',
    async (limit, request, line) => {
      for (let times = 0; times < 3; times++) {
        const { errors } = await ask(api, request)
        expect(errors?.[0]?.message).toContain(`(limits.${limit})`)
      }
      expect(logged).toEqual([`limits.${limit} refuses ${line}`])
    },
  )

  test('and another that is passed are told both', async () => {
    const query = 'query Both { notes(first: 90) { edges { node { a: id b: id c: id text } } } }'
    expect((await ask(api, { query })).errors?.map(({ message }) => message)).toEqual([
      'The answer may hold 90 objects, and at most 30 are allowed (limits.nodes). The query costs 552, and at most 500 is allowed (limits.cost). Ask for smaller pages, fewer levels, fields or conditions.',
    ])
    const skips = '{ a: __typename @skip(if: false) @include(if: true) b: __typename c: __typename d: __typename }'
    expect((await ask(api, { query: skips })).errors?.map(({ message }) => message)).toEqual([
      'The query has more than 3 aliases (limits.aliases). Send fewer at a time, or ask for a list. The query has more than 1 directives (limits.directives). Use fewer.',
    ])
  })

  test('names no operation at length', async () => {
    const query = `query ${'N'.repeat(500)} { notes(first: 31) { edges { node { id } } } }`
    expect((await ask(api, { query })).errors).toHaveLength(1)
    expect(logged.join('').length).toBeLessThan(200)
  })
})

describe('limits that only report', () => {
  let api: SmallGateway
  beforeAll(async () => {
    api = await open(true)
    await api.setStage('off')
  })
  afterAll(() => api?.close())
  beforeEach(() => {
    logged.length = 0
  })

  test.each(past.filter(([limit]) => limit !== 'tokens'))(
    '%s is told to the operator, and answered',
    async (limit, request, line) => {
      const answer = await ask(api, request)
      expect(answer).not.toHaveProperty('errors')
      expect(answer).toHaveProperty('data')
      expect(logged).toEqual([`limits.${limit} would refuse ${line}`])
    },
  )

  test('are told each where a query passes several', async () => {
    const other = await open(true)
    try {
      logged.length = 0
      const query = 'query Both { notes(first: 90) { edges { node { a: id b: id c: id text } } } }'
      expect(await ask(other, { query })).not.toHaveProperty('errors')
      expect(logged).toEqual([
        'limits.nodes would refuse operation Both: asked for 90, allowed 30',
        'limits.cost would refuse operation Both: asked for 552, allowed 500',
      ])
    } finally {
      await other.close()
    }
  })

  test.each([...past.filter(([limit]) => limit === 'tokens'), ...pastWhileItRuns])(
    '%s refuses all the same',
    async (limit, request, line) => {
      expect((await ask(api, request)).errors?.[0]?.message).toContain(`(limits.${limit})`)
      expect(logged).toEqual([`limits.${limit} refuses ${line}`])
    },
  )
})
