import { defineEntity, embed, globalIds, int, list, objectId, parseFilter, text } from 'crossfade'
import {
  connection,
  createBuilder,
  entityType,
  filterType,
  interfaceType,
  node,
  nodes,
  page,
  record,
  reference,
} from 'crossfade/pothos'
import { type Document, ObjectId } from 'mongodb'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Entity } from '../../src/entity/entity.ts'
import { stages } from '../../src/stage/stage.ts'
import { openAppGateway, type SmallGateway } from '../support/small-gateway.ts'

const Writer = defineEntity('Writer', {
  mongo: 'writers',
  postgres: 'writers',
  id: text(),
  fields: { name: text() },
})
const Book = defineEntity('Book', {
  mongo: 'books',
  postgres: 'books',
  id: objectId(),
  fields: {
    title: text(),
    writerId: text().at('writer').references('Writer'),
    readers: list(embed({ id: text() })),
  },
})
const Shelf = defineEntity('Shelf', { mongo: 'shelves', postgres: 'shelves', id: int(), fields: { place: text() } })

// The contract's own names: a Writer is a Person there
const ids = globalIds({ Book, Person: Writer })
const builder = createBuilder()
const Node = interfaceType(builder, 'Node', [Book, Writer])
const shown = { interfaces: [Node], globalIds: ids }
const BookType = entityType(builder, Book, {
  ...shown,
  omit: ['writerId', 'readers'],
  fields: { title: { description: 'As on its cover.' } },
})
entityType(builder, Writer, { ...shown, name: 'Person' })
entityType(builder, Shelf)
builder.objectFields(BookType, (t) => ({ writer: reference(t, Writer, { of: 'writerId' }) }))
const BookFilter = filterType(
  builder,
  Book,
  {
    id: true,
    writer: 'writerId',
    title: true,
    readers: { path: 'readers', members: { id: true } },
  },
  { globalIds: ids },
)
builder.queryType({
  fields: (t) => ({
    node: node(t, ids, { type: Node }),
    nodes: nodes(t, ids, { type: Node }),
    book: record(t, Book, { globalIds: ids }),
    books: connection(t, Book),
    found: page(t, Book, { filter: BookFilter }),
    shelf: record(t, Shelf),
  }),
})

const hex = '5f00000000000000000000ab'
const books: Document[] = [
  { _id: new ObjectId(hex), title: 'Emma', writer: 'jane:austen' },
  {
    _id: new ObjectId('5f00000000000000000000ac'),
    title: 'Persuasion',
    writer: 'jane:austen',
    readers: [{ id: 'r1' }],
  },
]
// base64 of `Book:5f…ab`, `Book:5f…ac`, `Person:jane:austen`, written down
const emma = 'Qm9vazo1ZjAwMDAwMDAwMDAwMDAwMDAwMDAwYWI='
const persuasion = 'Qm9vazo1ZjAwMDAwMDAwMDAwMDAwMDAwMDAwYWM='
const jane = 'UGVyc29uOmphbmU6YXVzdGVu'
const nobody = 'UGVyc29uOm5vYm9keQ=='

let api: SmallGateway
beforeAll(async () => {
  const app = { schema: builder.toSchema(), entities: [Book, Writer, Shelf], migrations: {} }
  api = await openAppGateway(
    app,
    new Map<Entity, readonly Document[]>([
      [Book, books],
      [Writer, [{ _id: 'jane:austen', name: 'Jane' } as never]],
      [Shelf, [{ _id: 7, place: 'left' } as never]],
    ]),
  )
}, 60_000)
afterAll(() => api?.close())

describe.each(stages)('Global ids, in %s', (stage) => {
  beforeAll(() => api.setStage(stage))

  test('stand in the place of a type’s own, and lead back to the record', async () => {
    expect(await api.ask('{ books { edges { node { id title writer { id name } } } } shelf(id: 7) { id } }')).toEqual({
      data: {
        books: {
          edges: [
            { node: { id: emma, title: 'Emma', writer: { id: jane, name: 'Jane' } } },
            { node: { id: persuasion, title: 'Persuasion', writer: { id: jane, name: 'Jane' } } },
          ],
        },
        shelf: { id: '7' },
      },
    })
    const query = `query ($a: ID!, $b: ID!, $c: ID!) {
      a: node(id: $a) { __typename id ... on Book { title } ... on Person { name } }
      b: node(id: $b) { __typename id ... on Book { title } ... on Person { name } }
      c: node(id: $c) { id }
      book(id: $a) { title }
    }`
    expect(await api.ask(query, { a: emma, b: jane, c: nobody })).toEqual({
      data: {
        a: { __typename: 'Book', id: emma, title: 'Emma' },
        b: { __typename: 'Person', id: jane, name: 'Jane' },
        c: null,
        book: { title: 'Emma' },
      },
    })
  })

  test('several are answered in their order, each as often as it is asked for', async () => {
    const query = 'query ($ids: [ID!]!) { nodes(ids: $ids) { id ... on Book { title } } }'
    expect(await api.ask(query, { ids: [persuasion, nobody, jane, emma, persuasion] })).toEqual({
      data: {
        nodes: [
          { id: persuasion, title: 'Persuasion' },
          null,
          { id: jane },
          { id: emma, title: 'Emma' },
          { id: persuasion, title: 'Persuasion' },
        ],
      },
    })
  })
})

describe('What is no global id', () => {
  const base64 = (of: string): string => Buffer.from(of).toString('base64')
  const refused = (message: string) =>
    expect.objectContaining({ errors: [expect.objectContaining({ message, extensions: { code: 'BAD_USER_INPUT' } })] })

  test.each<[string, string]>([
    ['nothing', ''],
    ['a type’s own id', hex],
    ['a type that has none', base64('Shelf:7')],
    ['the mapping’s name', base64('Writer:jane:austen')],
    ['no type', base64(':1')],
    ['no id', base64('Book')],
    ['other letters of base64', emma.replace('=', '')],
    ['more behind it', `${emma} `],
    ['another spelling of an id', base64('Book:5F00000000000000000000AB')],
    ['a name that every object has', base64('constructor:1')],
  ])('%s is refused', async (_, id) => {
    const message = `${JSON.stringify(id)} is no global id of Book or Person.`
    expect(await api.ask('query ($id: ID!) { node(id: $id) { id } }', { id })).toEqual(refused(message))
  })

  test('an id that its type cannot have is refused in its words', async () => {
    const id = base64('Book:1')
    const told = (await api.ask('query ($id: ID!) { node(id: $id) { id } }', { id })) as { errors: Error[] }
    expect(told.errors.map(({ message }) => message)).toEqual([expect.stringMatching(/^Book\.id: /)])
  })

  test('that of another type is refused where one type is asked for', async () => {
    const told = await api.ask('query ($id: ID!) { book(id: $id) { title } }', { id: jane })
    expect(told).toEqual(refused(`"${jane}" is no global id of Book.`))
  })

  test.each([
    [`id: { eq: "${emma}" }`, ['Emma']],
    [`id: { in: ["${persuasion}", "${emma}"] }`, ['Emma', 'Persuasion']],
    [`not: { id: { eq: "${emma}" } }`, ['Persuasion']],
    [`or: [{ and: [{ id: { in: ["${emma}"] } }] }, { title: { eq: "${jane}" } }]`, ['Emma']],
    [`writer: { eq: "${jane}" }`, ['Emma', 'Persuasion']],
    [`writer: { eq: "${nobody}" }`, []],
    [`readers: { some: { id: { eq: "r1" } } }`, ['Persuasion']],
    ['id: { in: [] }', []],
  ])('find records by the filter { %s }', async (filter, titles) => {
    const { data, errors } = (await api.ask(`{ found(filter: { ${filter} }) { title } }`)) as {
      readonly data?: { readonly found: readonly { readonly title: string }[] }
      readonly errors?: unknown
    }
    expect(errors).toBeUndefined()
    expect(data!.found.map(({ title }) => title)).toEqual(titles)
  })

  test.each([
    [`id: { eq: "${hex}" }`, `"${hex}" is no global id of Book or Person.`],
    [`id: { in: ["${emma}", "${jane}"] }`, `"${jane}" is no global id of Book.`],
    [`writer: { eq: "${emma}" }`, `"${emma}" is no global id of Person.`],
  ])('of another kind in the filter { %s } are refused', async (filter, message) => {
    expect(await api.ask(`{ found(filter: { ${filter} }) { title } }`)).toMatchObject({ errors: [{ message }] })
  })

  test('more than a hundred at once are refused', async () => {
    const told = await api.ask('query ($ids: [ID!]!) { nodes(ids: $ids) { id } }', { ids: Array(101).fill(emma) })
    expect(told).toEqual(refused('ids: at most 100 are taken at a time.'))
  })
})

test('a type has one name among them', () => {
  expect(() => globalIds({ book: Book, tome: Book })).toThrow(
    'Book has two names among global ids, one of them tome, and a record has one id.',
  )
})

test('a team’s own encoding is taken both ways', () => {
  const own = globalIds(
    { b: Book },
    {
      encode: (type, id) => `${type}_${id}`,
      decode: (text) => (/^[a-z]_/.test(text) ? { type: text[0]!, id: text.slice(2) } : null),
    },
  )
  expect(own.encode(Book, hex)).toBe(`b_${hex}`)
  expect(own.decode(`b_${hex.toUpperCase()}`)).toEqual({ entity: Book, id: hex })
  expect(() => own.decode(`c_${hex}`)).toThrow(`"c_${hex}" is no global id of b.`)
  expect(() => own.encode(Writer as never, 'x')).toThrow('Writer has no global ids.')
})

test('a filter of a schema of another library is read likewise', () => {
  const names = { id: true, author: 'writerId' } as const
  const read = (filter: object) => parseFilter(Book, names, ids.inFilter(Book, names, filter as never))
  expect(read({ author: { ne: jane } })).toMatchObject({
    op: 'not',
    of: { op: 'eq', path: 'writerId', value: 'jane:austen' },
  })
  expect(ids.inFilter(Book, names, null)).toBeNull()
  expect(() => read({ author: 'x' })).toThrow('author: an object is expected.')
  expect(() => read({ and: 'x' })).toThrow('and: a list is expected.')
  expect(() => read({ id: { eq: 5 } })).toThrow('"5" is no global id of Book or Person.')
  let deep: object = { id: { eq: emma } }
  for (let depth = 0; depth < 50; depth++) deep = { not: deep }
  expect(() => read(deep)).toThrow('The filter must be nested at most 30 deep.')
})
