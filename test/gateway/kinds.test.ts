import {
  binary,
  decimal,
  defineEntity,
  enumeration,
  int,
  list,
  loadAggregate,
  loadBy,
  loadChildren,
  long,
  timestamp,
  uuid,
} from 'crossfade'
import { connection, connectionType, createBuilder, entityType, filterType, record } from 'crossfade/pothos'
import { printType } from 'graphql'
import { Binary, Decimal128, Long, UUID } from 'mongodb'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openSmallGateway, type SmallGateway } from '../support/small-gateway.ts'

const Lot = defineEntity('Lot', {
  mongo: 'lots',
  postgres: 'lots',
  id: int(),
  fields: {
    price: decimal(),
    grams: long(),
    ticket: uuid(),
    seal: binary(),
    state: enumeration(['open', 'done']),
    closed: timestamp(),
    counts: list(long()),
  },
})

const builder = createBuilder()
const LotType = entityType(builder, Lot)
const LotFilter = filterType(
  builder,
  Lot,
  { id: true, price: true, grams: true, ticket: true, state: true },
  { combined: false },
)
builder.queryType({
  fields: (t) => ({
    lots: connection(t, Lot, { filter: LotFilter }),
    lot: record(t, Lot),
    closedAt: t.field({
      type: LotType,
      args: { at: t.arg({ type: 'DateTime', required: true }) },
      resolve: (_, { at }, context, info) => loadBy(context, info, Lot, 'closed', at),
    }),
    allClosedAt: t.field({
      type: connectionType(builder, Lot),
      nullable: false,
      args: { at: t.arg({ type: 'DateTime', required: true }) },
      resolve: (_, { at }, context, info) => loadChildren(context, info, Lot, 'closed', at, [], { first: 10 }),
    }),
    heaviest: t.field({
      type: 'Long',
      async resolve(_parent, _args, context, info) {
        const [group] = await loadAggregate(context, info, Lot, {
          by: [],
          measures: { most: { op: 'max', path: 'grams' } },
          limit: 1,
        })
        return group!.measures.most
      },
    }),
  }),
})
const schema = builder.toSchema()

const ticket = '0198c5a3-7e1c-7bb2-8f4e-00a1b2c3d4e5'
const documents = [
  {
    _id: 1,
    price: Decimal128.fromString('12.50'),
    grams: Long.fromString('9007199254740993'),
    ticket: new UUID(ticket),
    seal: new Binary(Buffer.from([251, 255])),
    state: 'open',
    closed: new Date(0),
    counts: [Long.MIN_VALUE, 5],
  },
  { _id: 2, price: 7, grams: -1, state: 'lost' },
]

let api: SmallGateway
beforeAll(async () => {
  api = await openSmallGateway(schema, Lot, documents as never)
})
afterAll(() => api.close())

const found = `query ($filter: LotFilter) { lots(filter: $filter) { edges { node { id } } } }`
const ids = (...wanted: string[]) => ({ data: { lots: { edges: wanted.map((id) => ({ node: { id } })) } } })

test('each kind has its scalar, and a schema only those that it uses', () => {
  expect(printType(schema.getType('Lot')!)).toBe(`type Lot {
  closed: DateTime
  counts: [Long!]
  grams: Long
  id: ID!
  price: Decimal
  seal: Base64
  state: String
  ticket: UUID
}`)
  expect(schema.getType('JSON')).toBeUndefined()
})

describe.each(['shadow', 'live'] as const)('in %s', (stage) => {
  beforeAll(async () => {
    if (stage === 'live') await api.setStage(stage)
  })

  test('values are shown without losing a digit', async () => {
    const query = '{ lots { edges { node { id price grams ticket seal state closed counts } } } }'
    const none = { ticket: null, seal: null, state: null, closed: null, counts: null }
    expect(await api.ask(query)).toEqual({
      data: {
        lots: {
          edges: [
            {
              node: {
                id: '1',
                price: '12.50',
                grams: '9007199254740993',
                ticket,
                seal: '+/8=',
                state: 'open',
                closed: '1970-01-01T00:00:00.000Z',
                counts: ['-9223372036854775808', '5'],
              },
            },
            { node: { id: '2', price: '7', grams: '-1', ...none } },
          ],
        },
      },
    })
  })

  test('records are found by a date, alone and together', async () => {
    const [epoch, other] = ['1970-01-01T00:00:00.000Z', '1970-01-01T01:00:00+01:00']
    expect(await api.ask(`{ one: closedAt(at: "${epoch}") { id } }`)).toEqual({ data: { one: { id: '1' } } })
    expect(
      await api.ask(`{
        same: closedAt(at: "${epoch}") { id }
        again: closedAt(at: "${other}") { price }
        none: closedAt(at: "1970-01-01T00:00:00.001Z") { id }
        page: allClosedAt(at: "${epoch}") { totalCount edges { node { id } } }
        empty: allClosedAt(at: "1999-01-01T00:00:00Z") { totalCount edges { node { id } } }
      }`),
    ).toEqual({
      data: {
        same: { id: '1' },
        again: { price: '12.50' },
        none: null,
        page: { totalCount: 1, edges: [{ node: { id: '1' } }] },
        empty: { totalCount: 0, edges: [] },
      },
    })
    await api.gateway.routing.shadow.idle()
    expect(api.gateway.routing.shadow.statistics.of('Lot').diverged).toBe(0)
  })

  test.each(['', ' 1 ', '0x1', '1e0', '1.0', '99999999999'])('"%s" is no id', async (id) => {
    expect(await api.ask('query ($id: ID!) { lot(id: $id) { id } }', { id })).toMatchObject({
      errors: [{ message: expect.stringContaining('is not a valid int'), extensions: { code: 'BAD_USER_INPUT' } }],
    })
  })

  test('a long is taken from its digits', async () => {
    const literal = (grams: string) =>
      api.ask(`{ lots(filter: { grams: { lte: ${grams} } }) { edges { node { id } } } }`)
    expect(await literal('9223372036854775807')).toEqual(ids('1', '2'))
    expect(await literal('9007199254740992')).toEqual(ids('2'))
    expect(await literal('9007199254740990.7')).toMatchObject({
      errors: [{ message: expect.stringContaining('"9007199254740990.7" is not a valid long') }],
    })
  })

  test('an aggregate is routed and compared like any read', async () => {
    await api.gateway.routing.shadow.idle()
    const statistics = api.gateway.routing.shadow.statistics.of('Lot')
    const before = statistics.matched
    expect(await api.ask('{ heaviest }')).toEqual({ data: { heaviest: '9007199254740993' } })
    await api.gateway.routing.shadow.idle()
    expect(statistics.matched).toBe(before + 1)
    expect(statistics.diverged).toBe(0)
  })

  test.each([
    [{ price: { gt: '12.49' } }, ids('1')],
    [{ price: { in: ['7.00', null] } }, ids('2')],
    [{ grams: { eq: '9007199254740993' } }, ids('1')],
    [{ grams: { lt: 0 } }, ids('2')],
    [{ ticket: { ne: null } }, ids('1')],
    [{ ticket: { eq: ticket.toUpperCase() } }, ids('1')],
    [{ state: { eq: null } }, ids('2')],
    [{ id: { eq: '1' } }, ids('1')],
    [{ id: { in: ['2', '7'] } }, ids('2')],
  ])('%o', async (filter, expected) => {
    expect(await api.ask(found, { filter })).toEqual(expected)
  })

  test.each([
    [{ price: { eq: 1.5 } }, 'Decimal is given as a string.'],
    [{ price: { eq: 'x' } }, '"x" is not a valid decimal'],
    [{ grams: { eq: '9223372036854775808' } }, 'is not a valid long'],
    [{ state: { eq: 'lost' } }, '"lost" is not a valid state: expected one of open, done.'],
  ])('%o is refused', async (filter, message) => {
    expect(await api.ask(found, { filter })).toMatchObject({
      errors: [{ message: expect.stringContaining(message), extensions: { code: 'BAD_USER_INPUT' } }],
    })
  })
})
