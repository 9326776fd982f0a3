import { defineEntity, list, only, text, uuid, write } from 'crossfade'
import {
  children,
  connection,
  createBuilder,
  entityType,
  filterType,
  newInput,
  orderType,
  payloadType,
  record,
  reference,
} from 'crossfade/pothos'
import { UUID } from 'mongodb'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { stages } from '../../src/stage/stage.ts'
import { compareStores } from '../support/compare-stores.ts'
import { openSmallGateway, type SmallGateway } from '../support/small-gateway.ts'

const Box = defineEntity('Box', {
  mongo: 'boxes',
  postgres: 'boxes',
  id: uuid(),
  fields: {
    name: text().required(),
    insideId: uuid().at('inside').references('Box').index(),
    labels: list(text()).childTable('box_labels'),
  },
})

const builder = createBuilder()
const BoxType = entityType(builder, Box, { omit: ['insideId'] })
const BoxFilter = filterType(builder, Box, { id: true, insideId: true, name: true })
const BoxOrder = orderType(builder, Box, { NAME: 'name' })
builder.objectFields(BoxType, (t) => ({
  inside: reference(t, Box, { of: 'insideId' }),
  contents: children(t, Box, { by: 'insideId' }),
}))
builder.queryType({
  fields: (t) => ({
    box: record(t, Box),
    boxes: connection(t, Box, { filter: BoxFilter, orderBy: BoxOrder }),
  }),
})
const Payload = payloadType(builder, Box, 'box')
const NewBox = newInput(builder, Box, ['name', 'labels', 'insideId'], { name: 'NewBox' })
builder.mutationType({
  fields: (t) => ({
    addBox: t.field({
      type: Payload,
      nullable: false,
      extensions: { writes: only(Box) },
      args: { input: t.arg({ type: NewBox, required: true }) },
      resolve: (_, { input }, context, info) =>
        write(context, info, async (tx) => ({ box: await tx.of(Box).create(input) })),
    }),
    removeBox: t.boolean({
      nullable: false,
      extensions: { writes: only(Box) },
      args: { id: t.arg.id({ required: true }) },
      resolve: (_, { id }, context, info) => write(context, info, (tx) => tx.of(Box).delete(id)),
    }),
  }),
})

const key = (n: number): string => `${n.toString(16).padStart(8, '0')}-0000-4000-8000-00000000000a`
const documents = [
  { _id: new UUID(key(1)), name: 'crate', labels: ['heavy'] },
  { _id: new UUID(key(2)), name: 'tin', inside: new UUID(key(1)), labels: ['old', 'round'] },
  { _id: new UUID(key(3)), name: 'tin', inside: new UUID(key(1)) },
  { _id: new UUID(key(0xf0000000)), name: 'bag', inside: new UUID(key(3)) },
]

const boxes = 'query ($first: Int, $after: String, $filter: BoxFilter, $orderBy: [BoxOrder!]) {'
const page = `${boxes} boxes(first: $first, after: $after, filter: $filter, orderBy: $orderBy) { edges { cursor node { id } } } }`

let api: SmallGateway
beforeAll(async () => {
  api = await openSmallGateway(builder.toSchema(), Box, documents)
})
afterAll(() => api?.close())

interface Page {
  readonly data: { readonly boxes: { readonly edges: readonly { cursor: string; node: { id: string } }[] } }
}
const idsOf = ({ data }: Page): string[] => data.boxes.edges.map(({ node }) => node.id)

/** All pages of one record, one behind the other. */
async function walked(variables: object): Promise<string[]> {
  const found: string[] = []
  for (let after: string | null = null; found.length < 10; ) {
    const answer = (await api.ask(page, { ...variables, first: 1, after })) as Page
    const [edge] = answer.data.boxes.edges
    if (!edge) break
    found.push(edge.node.id)
    after = edge.cursor
  }
  return found
}

const order = (direction: 'ASC' | 'DESC') => ({ orderBy: [{ field: 'NAME', direction }] })

describe.each(stages)('Ids that are UUIDs, in %s', (stage) => {
  beforeAll(() => api.setStage(stage))
  const hasMirror = stage !== 'off' && stage !== 'complete'

  test('are asked for in any letters, and told in lower case', async () => {
    const query =
      '{ box(id: "00000002-0000-4000-8000-00000000000A") { id inside { id contents { edges { node { id } } } } } }'
    const contents = { edges: [{ node: { id: key(2) } }, { node: { id: key(3) } }] }
    expect(await api.ask(query)).toEqual({ data: { box: { id: key(2), inside: { id: key(1), contents } } } })
    expect(await api.ask('{ box(id: "tin") { id } }')).toMatchObject({
      errors: [{ message: expect.stringContaining('is not a valid uuid'), extensions: { code: 'BAD_USER_INPUT' } }],
    })
  })

  test('order pages, break ties and are filtered by', async () => {
    expect(await walked({})).toEqual([key(1), key(2), key(3), key(0xf0000000)])
    expect(await walked(order('ASC'))).toEqual([key(0xf0000000), key(1), key(2), key(3)])
    expect(await walked(order('DESC'))).toEqual([key(3), key(2), key(1), key(0xf0000000)])
    const among = async (filter: object) => idsOf((await api.ask(page, { filter })) as Page)
    expect(await among({ id: { in: [key(3).toUpperCase(), key(2), key(9)] } })).toEqual([key(2), key(3)])
    expect(await among({ insideId: { eq: key(1) } })).toEqual([key(2), key(3)])
  })

  test('are made for what is created, are those of its mirror, and are buried with it', async () => {
    const input = { name: 'new', labels: ['a', 'b'], insideId: key(2).toUpperCase() }
    const added = 'mutation ($input: NewBox!) { addBox(input: $input) { box { id labels inside { id } } } }'
    const { data } = (await api.ask(added, { input })) as { data: { addBox: { box: { id: string } } } }
    const { id } = data.addBox.box
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    expect(data.addBox.box).toEqual({ id, labels: ['a', 'b'], inside: { id: key(2) } })
    // What a put could not bring at once the next sweep does
    const expectEqual = (compared: number) =>
      expect.poll(() => compareStores(api.stores, Box), { timeout: 20_000 }).toEqual({ compared, different: [] })
    if (hasMirror) await expectEqual(5)
    const removed = await api.ask('mutation ($id: ID!) { removeBox(id: $id) }', { id: id.toUpperCase() })
    expect(removed).toEqual({ data: { removeBox: true } })
    if (hasMirror) await expectEqual(4)
    expect(await api.ask('query ($id: ID!) { box(id: $id) { id } }', { id })).toEqual({ data: { box: null } })
  })
})
