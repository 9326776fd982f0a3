import { defineEntity, globalIds, list, long, longId, only, text, write } from 'crossfade'
import {
  children,
  connection,
  createBuilder,
  entityType,
  filterType,
  interfaceType,
  node,
  orderType,
  payloadType,
  record,
  reference,
} from 'crossfade/pothos'
import { sql } from 'kysely'
import { type Document, Double, Int32, Long } from 'mongodb'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { STAGE_PLAN, stages } from '../../src/stage/stage.ts'
import { compareStores } from '../support/compare-stores.ts'
import { openSmallGateway, type SmallGateway } from '../support/small-gateway.ts'

const Crate = defineEntity('Crate', {
  mongo: 'crates',
  postgres: 'crates',
  id: longId(),
  fields: {
    name: text().required(),
    insideId: longId().at('inside').references('Crate').index(),
    copyOf: long().references('Crate'),
    labels: list(text()).childTable('crate_labels'),
  },
})

const ids = globalIds({ Crate })
const builder = createBuilder()
const Node = interfaceType(builder, 'Node', [Crate])
const CrateType = entityType(builder, Crate)
const Shown = entityType(builder, Crate, { name: 'Shown', interfaces: [Node], globalIds: ids, omit: ['insideId'] })
const CrateFilter = filterType(builder, Crate, { id: true, insideId: true })
const CrateOrder = orderType(builder, Crate, { ID: 'id', NAME: 'name' })
builder.objectFields(CrateType, (t) => ({
  inside: reference(t, Crate, { of: 'insideId' }),
  contents: children(t, Crate, { by: 'insideId', order: { id: 'desc' } }),
  original: reference(t, Crate, { of: 'copyOf' }),
  copies: children(t, Crate, { by: 'copyOf' }),
}))
builder.queryType({
  fields: (t) => ({
    crate: record(t, Crate),
    shown: record(t, Crate, { as: Shown, globalIds: ids }),
    node: node(t, ids, { type: Node }),
    crates: connection(t, Crate, { filter: CrateFilter, orderBy: CrateOrder }),
  }),
})
const Payload = payloadType(builder, Crate, 'crate')
const id = { required: true } as const
builder.mutationType({
  fields: (t) => ({
    addCrate: t.field({
      type: Payload,
      nullable: false,
      extensions: { writes: only(Crate) },
      args: { id: t.arg.id(id), insideId: t.arg.id({}) },
      resolve: (_, { id, insideId }, context, info) =>
        write(context, info, async (tx) => ({
          crate: await tx.of(Crate).create({ name: 'new', insideId: insideId ?? null, labels: ['a', 'b'] }, id),
        })),
    }),
    renameCrate: t.boolean({
      nullable: false,
      extensions: { writes: only(Crate) },
      args: { id: t.arg.id(id), name: t.arg.string({ required: true }) },
      resolve: (_, { id, name }, context, info) =>
        write(context, info, async (tx) => (await tx.of(Crate).patch(id, { name })) !== null),
    }),
    removeCrate: t.boolean({
      nullable: false,
      extensions: { writes: only(Crate) },
      args: { id: t.arg.id(id) },
      resolve: (_, { id }, context, info) => write(context, info, (tx) => tx.of(Crate).delete(id)),
    }),
  }),
})

const past = '9007199254740993' // 2^53 + 1, which no double holds
const most = '9223372036854775807'
const documents: readonly Document[] = [
  { _id: Long.fromString(past), name: 'crate', labels: ['heavy'] },
  { _id: new Int32(1), name: 'tin', inside: Long.fromString(past), copyOf: Long.MAX_VALUE },
  { _id: new Double(12), name: 'tin', inside: Long.fromString(past), copyOf: new Int32(1) },
  { _id: Long.fromNumber(-5), name: 'bag', inside: new Double(12) },
  { _id: Long.MAX_VALUE, name: 'box', inside: past, copyOf: new Double(1) },
  { _id: new Double(5.5), name: 'no record' },
]

let api: SmallGateway
beforeAll(async () => {
  api = await openSmallGateway(builder.toSchema(), Crate, documents)
})
afterAll(() => api?.close())

const crates =
  'query ($first: Int, $after: String, $last: Int, $before: String, $filter: CrateFilter, $orderBy: [CrateOrder!]) {'
const page = `${crates} crates(first: $first, after: $after, last: $last, before: $before, filter: $filter, orderBy: $orderBy) { totalCount edges { cursor node { id } } } }`

interface Page {
  readonly data: { readonly crates: { readonly edges: readonly { cursor: string; node: { id: string } }[] } }
}
const edgesOf = async (variables: object) => ((await api.ask(page, variables)) as Page).data.crates.edges

/** All pages of one record, one behind the other, or one before the other. */
async function walked(order: 'ASC' | 'DESC', isForward: boolean): Promise<string[]> {
  const found: string[] = []
  for (let cursor: string | null = null; found.length < 10; ) {
    const part = isForward ? { first: 1, after: cursor } : { last: 1, before: cursor }
    const [edge] = await edgesOf({ ...part, orderBy: [{ field: 'ID', direction: order }] })
    if (!edge) break
    found.push(edge.node.id)
    cursor = edge.cursor
  }
  return found
}

interface Raw {
  readonly _id: Long | Double | number
  readonly name: string
  readonly labels?: string[]
}

/** What a put could not bring at once the next sweep does. */
const expectEqual = (compared: number): Promise<void> =>
  expect.poll(() => compareStores(api.stores, Crate), { timeout: 20_000 }).toEqual({ compared, different: [] })

/** Changes of another program, in the store with authority. */
const others = {
  mongo: async () => {
    const collection = api.stores.mongo.connection.db.collection<Raw>('crates')
    await collection.insertOne({ _id: new Double(40), name: 'from outside' })
    await collection.updateOne({ _id: Long.fromString(past) }, { $set: { labels: ['heavy', 'red'] } })
    await expectEqual(6)
    await collection.deleteOne({ _id: 40 })
  },
  postgres: async () => {
    const { connection } = api.stores.postgres
    await connection.run(sql`insert into crates (id, name, _cf_epoch, _cf_counter) values (40, 'from outside', 0, 0)`)
    await connection.run(sql`update crates set name = 'crate' where id = ${past}`)
    await expectEqual(6)
    await connection.run(sql`delete from crates where id = 40`)
  },
} as const

describe.each(stages)('Ids that are longs, in %s', (stage) => {
  beforeAll(() => api.setStage(stage))
  const hasMirror = stage !== 'off' && stage !== 'complete'

  test('are IDs in the contract, and longs where the mapping says so', async () => {
    const asked = await api.ask('{ __type(name: "Crate") { fields { name type { name ofType { name } } } } }')
    const fields = [
      { name: 'id', type: { name: null, ofType: { name: 'ID' } } },
      { name: 'insideId', type: { name: 'ID', ofType: null } },
      { name: 'copyOf', type: { name: 'Long', ofType: null } },
    ]
    expect(asked).toMatchObject({ data: { __type: { fields: expect.arrayContaining(fields) } } })
  })

  test('are digits to clients, also where they refer to records', async () => {
    const query = `{ crate(id: ${past}) { id inside { id } contents { edges { node { id insideId original { id } copies { edges { node { id copyOf } } } } } } } }`
    const copies = (...edges: string[]) => ({ edges: edges.map((id) => ({ node: { id, copyOf: '1' } })) })
    expect(await api.ask(query)).toEqual({
      data: {
        crate: {
          id: past,
          inside: null,
          contents: {
            edges: [
              {
                node: {
                  id: most,
                  insideId: past,
                  original: { id: '1' },
                  copies: { edges: [{ node: { id: '1', copyOf: most } }] },
                },
              },
              { node: { id: '12', insideId: past, original: { id: '1' }, copies: copies() } },
              { node: { id: '1', insideId: past, original: { id: most }, copies: copies('12', most) } },
            ],
          },
        },
      },
    })
  })

  test('are found by every digit, and are none where they are no whole numbers of 64 bits', async () => {
    const name = async (id: unknown) => api.ask('query ($id: ID!) { crate(id: $id) { name } }', { id })
    expect(await name(past)).toEqual({ data: { crate: { name: 'crate' } } })
    for (const id of ['9007199254740992', '9007199254740994', '5'])
      expect(await name(id)).toEqual({ data: { crate: null } })
    for (const id of ['+012', '12', 12]) expect(await name(id)).toEqual({ data: { crate: { name: 'tin' } } })
    for (const id of ['5.5', 'tin', '', '9223372036854775808', '1e3'])
      expect(await name(id)).toMatchObject({
        errors: [
          {
            message: expect.stringContaining(`Crate.id: ${JSON.stringify(id)} is not a valid long`),
            extensions: { code: 'BAD_USER_INPUT' },
          },
        ],
      })
  })

  test('are refused as numbers of JSON that has lost digits of them', async () => {
    const text = 'an ID past 2^53 has lost digits as a number; give it as a string.'
    const refused = (place: string) => ({
      errors: [{ message: `${place}: ${text}`, extensions: { code: 'BAD_USER_INPUT' } }],
    })
    const one = 'query ($id: ID!) { crate(id: $id) { name } }'
    for (const id of [9007199254740992, -9007199254740992, 1e21])
      expect(await api.ask(one, { id })).toMatchObject(refused('$id'))
    const many = 'query ($filter: CrateFilter) { crates(filter: $filter) { totalCount } }'
    const filter = { or: [{ insideId: { eq: 12 } }, { insideId: { in: ['1', 9007199254740992] } }] }
    expect(await api.ask(many, { filter })).toMatchObject(refused('$filter.or[1].insideId.in[1]'))
    // Digits of the document are text, and numbers of other types what they are
    expect(await api.ask(`{ crate(id: ${past}) { name } }`)).toEqual({ data: { crate: { name: 'crate' } } })
    expect(await api.ask(page, { first: 9007199254740992 })).toMatchObject({
      errors: [{ message: expect.stringContaining('Int cannot represent') }],
    })
  })

  test('have global ids', async () => {
    const key = 'Q3JhdGU6OTAwNzE5OTI1NDc0MDk5Mw==' // base64 of `Crate:9007199254740993`, written down
    expect(await api.ask('query ($id: ID!) { shown(id: $id) { id } node(id: $id) { id } }', { id: key })).toEqual({
      data: { shown: { id: key }, node: { id: key } },
    })
    const other = Buffer.from('Crate:+12').toString('base64')
    expect(await api.ask('query ($id: ID!) { node(id: $id) { id } }', { id: other })).toMatchObject({
      errors: [{ extensions: { code: 'BAD_USER_INPUT' } }],
    })
  })

  test('order pages in both directions, and are filtered by', async () => {
    const all = ['-5', '1', '12', past, most]
    expect(await walked('ASC', true)).toEqual(all)
    expect(await walked('ASC', false)).toEqual(all.toReversed())
    expect(await walked('DESC', true)).toEqual(all.toReversed())
    const among = async (filter: object) => (await edgesOf({ filter })).map(({ node }) => node.id)
    expect(await among({ id: { in: [most, past, '9007199254740992', '-5'] } })).toEqual(['-5', past, most])
    expect(await among({ insideId: { eq: past } })).toEqual(['1', '12', most])
    expect(await api.ask('{ crates { totalCount } }')).toEqual({ data: { crates: { totalCount: 5 } } })
  })

  test('are those of the mirror, and are buried with their records', async () => {
    const id = '-9007199254740993'
    const added = await api.ask(
      'mutation ($id: ID!, $in: ID) { addCrate(id: $id, insideId: $in) { crate { id labels inside { id } } } }',
      { id, in: past },
    )
    expect(added).toEqual({ data: { addCrate: { crate: { id, labels: ['a', 'b'], inside: { id: past } } } } })
    for (const each of [id, '1', '12', most])
      expect(
        await api.ask('mutation ($id: ID!, $name: String!) { renameCrate(id: $id, name: $name) }', {
          id: each,
          name: `${each} in ${stage}`,
        }),
      ).toEqual({ data: { renameCrate: true } })
    if (hasMirror) await expectEqual(6)
    expect(await api.ask('mutation ($id: ID!) { removeCrate(id: $id) }', { id })).toEqual({
      data: { removeCrate: true },
    })
    if (hasMirror) await expectEqual(5)
    const names = '{ a: crate(id: "-9007199254740993") { id } b: crate(id: "12") { name } c: crate(id: "1") { name } }'
    expect(await api.ask(names)).toEqual({
      data: { a: null, b: { name: `12 in ${stage}` }, c: { name: `1 in ${stage}` } },
    })
    for (const each of ['1', '12', most])
      await api.ask('mutation ($id: ID!) { renameCrate(id: $id, name: "tin") }', { id: each })
  })

  test.runIf(hasMirror)('are told from one another where other programs write', async () => {
    await others[STAGE_PLAN[stage].authority]()
    await expectEqual(5)
  })
})
