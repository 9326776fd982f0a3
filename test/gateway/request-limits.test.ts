import { defineEntity, int, json, routed, text } from 'crossfade'
import { connection, createBuilder, entityType } from 'crossfade/pothos'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openAppGateway, type SmallGateway } from '../support/small-gateway.ts'

const Note = defineEntity('Note', {
  mongo: 'notes',
  postgres: 'notes',
  id: int(),
  fields: { text: text(), more: json() },
})
const builder = createBuilder()
entityType(builder, Note)

interface Args {
  readonly words?: readonly string[] | null
  readonly any?: unknown
}
const echo = (textLength?: number) =>
  routed(Note, {
    textLength,
    mongo: async (_, { words }: Args) => [...(words ?? [])],
    postgres: async (_, { words }: Args) => [...(words ?? [])],
    finish: (found: string[]) => found,
  })
builder.queryType({
  fields: (t) => {
    const args = { words: t.arg.stringList(), any: t.arg({ type: 'JSON' }) }
    return {
      notes: connection(t, Note),
      echo: t.field({ type: ['String'], args, resolve: echo() }),
      short: t.field({ type: ['String'], args, resolve: echo(5) }),
    }
  },
})

let api: SmallGateway
beforeAll(async () => {
  const notes = Array.from({ length: 40 }, (_, n) => ({ _id: n + 1, text: 't' }))
  api = await openAppGateway(
    {
      schema: builder.toSchema(),
      entities: [Note],
      migrations: {},
      limits: { statements: 3, records: 50, textLength: 20 },
    },
    new Map([[Note, notes]]),
  )
})
afterAll(() => api?.close())

interface Answer {
  readonly data: Record<string, unknown> | null
  readonly errors?: readonly { readonly message: string; readonly extensions: object }[]
}
const ask = async (query: string, variables?: object) => (await api.ask(query, variables)) as Answer
const messages = ({ errors }: Answer): unknown => errors?.map(({ message, extensions }) => [message, extensions])
const mistake = (message: string): unknown => [[message, { code: 'BAD_USER_INPUT' }]]

describe.each(['off', 'shadow', 'live'] as const)('in %s', (stage) => {
  beforeAll(() => api.setStage(stage))

  test('a request runs so many statements, and no more', async () => {
    expect(await ask('{ a: notes { totalCount } b: notes { totalCount } c: notes { totalCount } }')).toEqual({
      data: { a: { totalCount: 40 }, b: { totalCount: 40 }, c: { totalCount: 40 } },
    })
    expect(
      messages(
        await ask('{ a: notes { totalCount } b: notes { totalCount } c: notes { totalCount edges { cursor } } }'),
      ),
    ).toEqual(
      mistake(
        'The request asks the stores more than 3 times (limits.statements). Ask for less, or in several requests.',
      ),
    )
  })

  test('a request gets so many records, and no more', async () => {
    expect(await ask('{ notes(first: 40) { edges { node { id } } } }')).not.toHaveProperty('errors')
    expect(
      messages(
        await ask('{ a: notes(first: 30) { edges { node { id } } } b: notes(first: 30) { edges { node { id } } } }'),
      ),
    ).toEqual(
      mistake('The request asks for more than 50 records (limits.records). Ask for less, or in several requests.'),
    )
  })

  test('by-hand lists count', async () => {
    const twenty = Array.from({ length: 20 }, () => 'x')
    const query = 'query ($words: [String!]) { a: echo(words: $words) b: echo(words: $words) c: echo(words: $words) }'
    expect(messages(await ask(query, { words: twenty }))).toEqual(
      mistake('The request asks for more than 50 records (limits.records). Ask for less, or in several requests.'),
    )
  })

  test.each<[title: string, field: string, args: object, message: string]>([
    [
      'a text',
      'echo',
      { words: ['a', 'x'.repeat(21)] },
      'words[1] must have at most 20 characters, got 21 (limits.textLength).',
    ],
    [
      'a list',
      'echo',
      { words: Array(21).fill('a') },
      'words must have at most 20 members, got 21 (limits.textLength).',
    ],
    [
      'a text inside of an input',
      'echo',
      { any: { a: [{ b: 'x'.repeat(21) }] } },
      'any.a[0].b must have at most 20 characters, got 21 (limits.textLength).',
    ],
    [
      '99 KB of words',
      'echo',
      { words: ['word '.repeat(19_800)] },
      'words[0] must have at most 20 characters, got 99000 (limits.textLength).',
    ],
    [
      'a text past the limit of its own field',
      'short',
      { words: ['abcdef'] },
      'words[0] must have at most 5 characters, got 6 (textLength of Query.short).',
    ],
  ])('%s in a by-hand field is bounded', async (_, field, args, message) => {
    const query = `query ($words: [String!], $any: JSON) { ${field}(words: $words, any: $any) }`
    expect(messages(await ask(query, args))).toEqual(mistake(message))
  })

  test('texts just within are taken', async () => {
    const words = ['x'.repeat(20), '']
    expect(await ask('query ($words: [String!]) { echo(words: $words) }', { words })).toEqual({ data: { echo: words } })
  })
})
