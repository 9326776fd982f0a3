import { inspect } from 'node:util'
import { defineEntity, int, text, where } from 'crossfade'
import { children, connection, createBuilder, entityType, orderType, record } from 'crossfade/pothos'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { EarlierCursors } from '../../src/resolve/cursor-place.ts'
import { stages } from '../../src/stage/stage.ts'
import { openAppGateway, type SmallGateway } from '../support/small-gateway.ts'

const Shelf = defineEntity('Shelf', { mongo: 'shelves', postgres: 'shelves', id: int(), fields: { name: text() } })
const Tome = defineEntity('Tome', {
  mongo: 'tomes',
  postgres: 'tomes',
  id: int(),
  fields: { title: text(), year: int(), shelfId: int(), hidden: int(), owner: text() },
  defaultScope: { hidden: { eq: null } },
})

const encoded = (text: string): string => Buffer.from(text).toString('base64')

/** As graphql-relay, a list by ids, and one by its keys had them. */
const cursor: EarlierCursors = {
  decode(cursor) {
    const [, kind, rest = ''] = /^(\w+):(.*)$/.exec(Buffer.from(cursor, 'base64').toString()) ?? []
    if (kind === 'arrayconnection') return { offset: Number(rest) }
    if (kind === 'id') return { id: rest }
    return kind === 'keys' ? { keys: JSON.parse(rest) } : null
  },
}

/** What no decoder should make. */
const odd: EarlierCursors = {
  decode(cursor) {
    if (cursor === 'throws') throw new Error('secret')
    return JSON.parse(cursor)
  },
}

const builder = createBuilder()
const ShelfType = entityType(builder, Shelf)
entityType(builder, Tome)
builder.queryType({
  fields: (t) => ({
    shelf: record(t, Shelf),
    tomes: connection(t, Tome, { cursor }),
    strict: connection(t, Tome),
    mine: connection(t, Tome, {
      cursor,
      where: where(Tome, { owner: { eq: 'me' } }),
      orderBy: orderType(builder, Tome, { YEAR: 'year' }),
    }),
    odd: connection(t, Tome, { cursor: odd }),
    greedy: connection(t, Tome, { cursor: { decode: () => ({ offset: 4 }) } }),
  }),
})
builder.objectFields(ShelfType, (t) => ({
  tomes: children(t, Tome, { by: 'shelfId', order: { year: 'asc' }, cursor }),
}))

/** Years fall with ids; 4 and 5 are of one year, and 7 is hidden. */
const others = { _id: 20, title: 'T20', year: 1997, shelfId: 2, owner: 'me', hidden: 1 }
const tomes = [1, 2, 3, 4, 5, 6, 7].map((id) => ({
  _id: id,
  title: `T${id}`,
  year: 2000 - (id === 5 ? 4 : id),
  shelfId: 1,
  ...(id === 7 ? { hidden: 1 } : {}),
  owner: id % 2 === 0 ? 'me' : 'you',
}))

const logged: string[] = []
let api: SmallGateway
beforeAll(async () => {
  const app = { schema: builder.toSchema(), entities: [Shelf, Tome], migrations: {}, limits: { cost: 100_000 } }
  const documents = new Map<typeof Shelf | typeof Tome, object[]>([
    [Shelf, [{ _id: 1, name: 'A' }]],
    [Tome, [...tomes, others]],
  ])
  const log = (_level: string, ...told: unknown[]) => void logged.push(inspect(told))
  api = await openAppGateway(app, documents as never, { log })
})
afterAll(() => api?.close())

interface Shown {
  readonly edges: readonly { readonly node: { readonly id: string }; readonly cursor: string }[]
  readonly pageInfo: object
}
interface Answer {
  readonly data?: { readonly tomes?: Shown; readonly shelf?: { readonly tomes: Shown } }
  readonly errors?: readonly { readonly message: string; readonly extensions: { readonly code: string } }[]
}
const page = 'edges { node { id } cursor } pageInfo { hasNextPage hasPreviousPage }'

async function ask(args: string, field = 'tomes'): Promise<unknown> {
  const below = field === 'below'
  const asked = `${below ? 'tomes' : `tomes: ${field}`}(${args}) { ${page} }`
  const { data, errors } = (await api.ask(below ? `{ shelf(id: 1) { ${asked} } }` : `{ ${asked} }`)) as Answer
  if (errors) return [errors[0]!.extensions.code, errors[0]!.message]
  const shown = (below ? data!.shelf!.tomes : data!.tomes)!
  return [shown.edges.map(({ node }) => Number(node.id)), ...Object.values(shown.pageInfo)]
}

const at = (what: string): string => JSON.stringify(encoded(what))
const keys = (of: object): string => at(`keys:${JSON.stringify(of)}`)

describe.each(stages)('in stage %s', (stage) => {
  beforeAll(() => api.setStage(stage))

  test.each([
    ['the page behind the second', `first: 2, after: ${at('arrayconnection:1')}`, 'tomes', [[3, 4], true, true]],
    ['behind the last', `first: 2, after: ${at('arrayconnection:5')}`, 'tomes', [[], false, true]],
    ['behind an id', `first: 2, after: ${at('id:2')}`, 'tomes', [[3, 4], true, true]],
    ['behind an id that is hidden', `first: 2, after: ${at('id:7')}`, 'tomes', [[], false, true]],
    ['behind an id that is gone, in an order by id', `first: 2, after: ${at('id:-1')}`, 'tomes', [[1, 2], true, true]],
    ['before an id', `last: 2, before: ${at('id:4')}`, 'tomes', [[2, 3], true, true]],
    ['between two', `first: 5, after: ${at('id:1')}, before: ${at('id:4')}`, 'tomes', [[2, 3], false, true]],
    ['behind keys', `first: 2, after: ${keys({ id: 3 })}`, 'tomes', [[4, 5], true, true]],
    ['of a parent, behind the second', `first: 2, after: ${at('arrayconnection:1')}`, 'below', [[5, 3], true, true]],
    ['of a parent, by id', `first: 3, after: ${at('id:6')}`, 'below', [[4, 5, 3], true, true]],
    ['of a parent, by an id of two of one year', `first: 3, after: ${at('id:4')}`, 'below', [[5, 3, 2], true, true]],
    ['of a parent, by a hidden one', `first: 1, after: ${at('id:7')}`, 'below', [[6], true, true]],
    ['of a parent, by keys', `first: 3, after: ${keys({ year: 1996, id: '4' })}`, 'below', [[5, 3, 2], true, true]],
    ['of a parent, backwards', `last: 2, before: ${at('id:3')}`, 'below', [[4, 5], true, true]],
  ] as const)('%s', async (_, args, field, expected) => {
    expect(await ask(args, field)).toEqual(expected)
  })
})

test('a cursor of ours goes on working beside them', async () => {
  const { data } = (await api.ask(`{ tomes(first: 2) { ${page} } }`)) as Answer
  const { cursor: own } = data!.tomes!.edges[1]!
  expect(await ask(`first: 2, after: "${own}"`)).toEqual([[3, 4], true, true])
  expect(await ask(`first: 2, after: "${own}"`, 'greedy')).toEqual([[3, 4], true, true])
  expect(await ask(`first: 2, after: "${own}x"`, 'greedy')).toEqual([[6], false, true])
})

const forwards = 'A cursor that counts records leads forwards alone: by first and after.'
const foreign = 'The cursor is not one of this API. Use a cursor of the same field, order and API.'

test('a cursor stands at no record that the field shows nobody', async () => {
  const byYear = (id: number) => ask(`first: 2, after: ${at(`id:${id}`)}, orderBy: { field: YEAR }`, 'mine')
  const gone = 'The cursor stands at a record that is gone. Use a cursor of the same field, order and API.'
  expect(await byYear(6)).toEqual([[4, 2], false, true])
  expect(await byYear(5)).toEqual(['BAD_USER_INPUT', gone])
  // Of another parent
  expect(await ask(`first: 2, after: ${at('id:20')}`, 'below')).toEqual(['BAD_USER_INPUT', gone])
})

test.each(['5', '"x"', '[]', '{}', '{"n":1}', 'true'])('a decoder that returns %s is told', async (place) => {
  expect(await ask(`after: ${JSON.stringify(place)}`, 'odd')).toEqual([
    'INTERNAL_SERVER_ERROR',
    expect.stringContaining('Unexpected error.'),
  ])
  expect(logged.at(-1)).toContain('What reads earlier cursors returns { id }, { keys }, { offset } or null.')
})

test.each([
  ['throws', foreign],
  ['null', foreign],
  ['{"offset":null}', 'The records before the page must be between 0 and 10000, got NaN.'],
  ['{"offset":true}', 'The records before the page must be between 0 and 10000, got NaN.'],
  ['{"offset":-2}', 'The records before the page must be between 0 and 10000, got -1.'],
  ['{"keys":null}', /^The cursor says nothing of id/],
  ['{"keys":{"id":null}}', /^The cursor says nothing of id/],
  ['{"id":null}', /is not a valid/],
])('a place %s is refused', async (place, message) => {
  const text = typeof message === 'string' ? message : expect.stringMatching(message)
  expect(await ask(`after: ${JSON.stringify(place)}`, 'odd')).toEqual(['BAD_USER_INPUT', text])
})

test.each([
  ['of neither', `first: 1, after: ${at('other:1')}`, 'tomes', foreign],
  ['of a field that takes none', `first: 1, after: ${at('id:1')}`, 'strict', foreign],
  ['that counts backwards', `last: 1, before: ${at('arrayconnection:3')}`, 'tomes', forwards],
  ['that counts, to the last', `last: 1, after: ${at('arrayconnection:3')}`, 'tomes', forwards],
  [
    'that counts too far',
    `first: 1, after: ${at('arrayconnection:10000')}`,
    'tomes',
    'The records before the page must be between 0 and 10000, got 10001.',
  ],
  [
    'that counts what is no number',
    `first: 1, after: ${at('arrayconnection:x')}`,
    'tomes',
    'The records before the page must be between 0 and 10000, got NaN.',
  ],
  [
    'of a record that is gone',
    `first: 1, after: ${at('id:99')}`,
    'below',
    'The cursor stands at a record that is gone. Use a cursor of the same field, order and API.',
  ],
  [
    'without a key of the order',
    `first: 1, after: ${keys({ id: 1 })}`,
    'below',
    'The cursor says nothing of year, by which the list is ordered. Use a cursor of the same field, order and API.',
  ],
  ['of a key of another kind', `first: 1, after: ${keys({ id: 1, year: 'x' })}`, 'below', /^"x" is not a valid int/],
  ['of no id', `first: 1, after: ${at('id:x')}`, 'tomes', /is not a valid/],
])('a cursor %s is refused', async (_, args, field, message) => {
  const refused = ['BAD_USER_INPUT', typeof message === 'string' ? message : expect.stringMatching(message)]
  expect(await ask(args, field)).toEqual(refused)
})
