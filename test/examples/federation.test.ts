import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Decimal128, type Document, ObjectId } from 'mongodb'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { Product, Review } from '../../examples/sdl-first/entities.ts'
import type { Entity } from '../../src/entity/entity.ts'
import type { Mismatch } from '../../src/stores/findings.ts'
import { observeQueries, type Seen } from '../support/observe-queries.ts'
import { runCommand } from '../support/run-command.ts'
import { openAppGateway, type SmallGateway } from '../support/small-gateway.ts'
import config from './subgraph/crossfade.config.ts'

const key = (n: number): string => String(n).padStart(24, '0')
const added_at = new Date('2024-03-01T10:00:00Z')
const written_at = new Date('2024-04-01T00:00:00Z')
const products = [
  { _id: 1, sku: 'L-1', name: 'Lamp', brand: 'Lux', price: Decimal128.fromString('19.90'), added_at },
  { _id: 2, sku: 'C-1', name: 'Chair', brand: 'Oakley', price: Decimal128.fromString('149'), added_at },
  { _id: 3, sku: 'D-1', name: 'Desk', brand: 'Oakley', price: Decimal128.fromString('12'), added_at },
]
const reviews = [
  { _id: 11, product: 1, stars: 5, written_at },
  { _id: 12, product: 2, stars: 2, written_at },
  { _id: 13, product: 1, stars: 3, written_at },
]
const stored = (n: number): ObjectId => new ObjectId(key(n))

const reported: Mismatch[] = []
let api: SmallGateway
let seen: Seen[]
beforeAll(async () => {
  const documents = new Map<Entity, readonly Document[]>([
    [Product, products.map((each) => ({ ...each, _id: stored(each._id) }))],
    [Review, reviews.map((each) => ({ ...each, _id: stored(each._id), product: stored(each.product) }))],
  ])
  api = await openAppGateway(config, documents, { onMismatch: (mismatch) => reported.push(mismatch) })
  seen = observeQueries(api.stores)
})
afterAll(() => api?.close())

interface Representation {
  readonly __typename: string
  readonly [field: string]: unknown
}
const product = (id: string): Representation => ({ __typename: 'Product', id })
const review = (id: string): Representation => ({ __typename: 'Review', id })
const brand = (name: string): Representation => ({ __typename: 'Brand', name })

/** As the router asks. */
const entities = `query Fetch($representations: [_Any!]!) {
  _entities(representations: $representations) {
    __typename
    ... on Product { sku label price }
    ... on Review { stars }
    ... on Brand { products { sku } }
  }
}`
const asked = (...representations: readonly Representation[]) => api.ask(entities, { representations })

/** An answer, and the tables or collections that its statements read. */
async function readFor(ask: () => Promise<unknown>): Promise<{ readonly answer: unknown; readonly from: string[] }> {
  seen.length = 0
  const answer = await ask()
  return { answer, from: seen.map(({ from }) => from).sort() }
}

describe.each(['off', 'shadow', 'live'] as const)('a subgraph, with its types in %s', (stage) => {
  beforeAll(() => api.setStage(stage))

  test('shows records of several types by their keys, in one statement a type', async () => {
    const ask = () => asked(product(key(1)), review(key(12)), product(key(3)), review(key(11)), product(key(1)))
    const { answer, from } = await readFor(ask)
    const lamp = { __typename: 'Product', sku: 'L-1', label: 'Lux Lamp', price: '19.90' }
    expect(answer).toEqual({
      data: {
        _entities: [
          lamp,
          { __typename: 'Review', stars: 2 },
          { __typename: 'Product', sku: 'D-1', label: 'Oakley Desk', price: '12' },
          { __typename: 'Review', stars: 5 },
          lamp,
        ],
      },
    })
    expect(from).toEqual(['products', 'reviews'])
  })

  test('shows what stands below them in one statement a level', async () => {
    const query = `query ($representations: [_Any!]!) { _entities(representations: $representations) {
      ... on Product { reviews(first: 1) { nodes { stars product { label } } } } } }`
    const representations = [product(key(1)), product(key(3)), product(key(2))]
    const { answer, from } = await readFor(() => api.ask(query, { representations }))
    expect(answer).toEqual({
      data: {
        _entities: [
          { reviews: { nodes: [{ stars: 5, product: { label: 'Lux Lamp' } }] } },
          { reviews: { nodes: [] } },
          { reviews: { nodes: [{ stars: 2, product: { label: 'Oakley Chair' } }] } },
        ],
      },
    })
    expect(from).toEqual(['products', 'products', 'reviews'])
  })

  test('shows its records below types of other subgraphs', async () => {
    const { answer, from } = await readFor(() => asked(brand('Oakley'), brand('Lux')))
    expect(answer).toEqual({
      data: {
        _entities: [
          { __typename: 'Brand', products: [{ sku: 'C-1' }, { sku: 'D-1' }] },
          { __typename: 'Brand', products: [{ sku: 'L-1' }] },
        ],
      },
    })
    expect(from).toEqual(['products'])
  })

  test('has null for what is not there, and one error for a key that is none', async () => {
    expect(await asked(product(key(9)), review(key(1)), product(key(2)))).toEqual({
      data: { _entities: [null, null, { __typename: 'Product', sku: 'C-1', label: 'Oakley Chair', price: '149' }] },
    })
    expect(await asked(product(key(9)), product('nobody'), review(key(13)))).toEqual({
      data: { _entities: [null, null, { __typename: 'Review', stars: 3 }] },
      errors: [
        {
          message: 'Product.id: "nobody" is not a valid id: expected 24 hex digits.',
          locations: [{ line: 2, column: 3 }],
          path: ['_entities', 1],
          extensions: { code: 'BAD_USER_INPUT' },
        },
      ],
    })
    expect(await asked(product(key(1)), brand('Lux\0'))).toMatchObject({
      errors: [
        { message: expect.stringContaining('$representations[1].name'), extensions: { code: 'BAD_USER_INPUT' } },
      ],
    })
  })

  test('shows what it has written', async () => {
    const set = (price: string) => api.ask(`mutation { setPrice(id: "${key(3)}", price: "${price}") { label price } }`)
    expect(await set('99.5')).toEqual({ data: { setPrice: { label: 'Oakley Desk', price: '99.5' } } })
    expect(await asked(product(key(3)))).toMatchObject({ data: { _entities: [{ price: '99.5' }] } })
    await set('12')
  })
})

test('the limits know representations: many pass, and too many are refused before a store is asked', async () => {
  const many = await readFor(() => asked(...Array.from({ length: 1_000 }, (_, n) => product(key(n)))))
  const found = (many.answer as { readonly data: { readonly _entities: readonly unknown[] } }).data._entities
  expect(found).toHaveLength(1_000)
  expect(found.filter((each) => each !== null)).toHaveLength(3)
  expect(many.from).toEqual(['products'])
  expect(await readFor(() => asked(...Array<Representation>(14_000).fill(product(key(1)))))).toEqual({
    answer: {
      errors: [{ message: expect.stringContaining('(limits.cost)'), extensions: { code: 'BAD_USER_INPUT' } }],
    },
    from: [],
  })
})

test('no compared read differed', async () => {
  const { shadow } = api.gateway.routing
  await shadow.idle()
  expect(reported).toEqual([])
  for (const type of ['Product', 'Review']) expect(shadow.statistics.of(type).matched).toBeGreaterThan(3)
})

test('the router is told the schema, with its keys', async () => {
  const { data } = (await api.ask('{ _service { sdl } }')) as { readonly data: { _service: { sdl: string } } }
  expect(data._service.sdl).toContain('type Product @key(fields: "id") {')
  expect(data._service.sdl).toContain('type Brand @key(fields: "name") {')
})

test('the contract is written and checked, with the operations of the router', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'crossfade-subgraph-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const sdl = join(folder, 'contract.graphql')
  const operations = join(folder, 'operations')
  mkdirSync(operations)
  writeFileSync(join(operations, 'fetch.graphql'), entities)
  writeFileSync(join(operations, 'service.graphql'), 'query Service { _service { sdl } }')
  const file = new URL('subgraph/crossfade.config.ts', import.meta.url).pathname
  const contract = (...args: string[]) => runCommand(['contract', ...args, '--config', file, '--sdl', sdl], {})
  const check = () => contract('check', '--operations', operations)
  expect(await contract('write')).toMatchObject({ code: 0 })
  expect(await check()).toMatchObject({ code: 0 })
  const text = readFileSync(sdl, 'utf8')
  writeFileSync(sdl, text.replace('= Brand | Product | Review', '= Brand | Product'))
  expect(await check()).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('- union _Entity = Brand | Product\n  + union _Entity = Brand | Product | Review'),
  })
})
