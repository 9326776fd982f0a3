import { defineEntity, int, list, objectId, text, timestamp } from 'crossfade'
import { buildSchema, parse } from 'graphql'
import { expect, test } from 'vitest'
import type { Variables } from '../../../src/cli/doctor/given-variables.ts'
import { askingsOf } from '../../../src/cli/doctor/made-variables.ts'
import type { Entity, Rec } from '../../../src/entity/entity.ts'

const Book = defineEntity('Book', {
  mongo: 'books',
  postgres: 'books',
  id: objectId(),
  fields: { title: text(), pages: int(), tags: list(text()), due: timestamp(), isbn: text() },
})
const entities: readonly Entity[] = [Book]

const schema = buildSchema(`
  scalar DateTime
  scalar Mystery
  enum Kind { OLD NEW }
  input StringFilter { eq: String contains: String }
  input IntFilter { eq: Int gt: Int }
  input TagsFilter { has: String }
  input IdFilter { eq: ID }
  input MysteryFilter { eq: Mystery }
  input ChapterFilter { name: StringFilter }
  input ChaptersFilter { some: ChapterFilter }
  input BookFilter {
    and: [BookFilter!]
    title: StringFilter
    pages: IntFilter
    tags: TagsFilter
    chapters: ChaptersFilter
    due: MysteryFilter
  }
  input BookBy @oneOf { inside: BookBy, at: Mystery, id: ID, isbn: String }
  input Found { by: BookBy! }
  input Never @oneOf { inside: Never, at: Mystery }
  input AnyFilter @oneOf { and: [AnyFilter!], title: StringFilter, pages: IntFilter }
  input Range { from: Int!, to: Int! = 9, note: String }
  type Book { id: ID title: String }
  type BookConnection { edges: [BookEdge] }
  type BookEdge { node: Book }
  type Query {
    book(id: ID, isbn: String): Book
    bookBy(by: BookBy!): Book
    found(found: Found!): Book
    never(by: Never!): Book
    any(filter: AnyFilter): BookConnection
    books(filter: BookFilter, tag: [String!], kind: Kind, range: Range, first: Int): BookConnection
    due(due: DateTime, title: Int): Book
    number(id: ID, at: Mystery, word: String): Int
  }
`)

const record: Rec = {
  id: '5f00000000000000000000aa',
  title: 'Emma',
  pages: null,
  tags: ['old'],
  due: null,
  isbn: '978-0141439587',
} as never

const made = (source: string, { given = [{}] as readonly Variables[], sample = record as Rec | null } = {}) =>
  askingsOf({ name: 'Op', document: parse(source), given }, schema, entities, async () => sample)

const askings = async (...args: Parameters<typeof made>) => (await made(...args)).askings

test('a variable that has the name of a field of what is shown gets the value of a record', async () => {
  expect(await askings('query ($a: ID!, $b: String!) { book(id: $a, isbn: $b) { id } }')).toEqual([
    { by: null, variables: { a: '5f00000000000000000000aa', b: '978-0141439587' } },
  ])
  expect(
    await askings('query ($a: String!) { books(filter: { title: { eq: $a } }) { edges { node { id } } } }'),
  ).toEqual([{ by: null, variables: { a: 'Emma' } }])
})

test('others get a plain one: where the record has none, and where it is of another kind', async () => {
  expect(await askings('query ($a: DateTime!, $b: Int!) { due(due: $a, title: $b) { id } }')).toEqual([
    { by: null, variables: { a: '2000-01-01T00:00:00.000Z', b: 1 } },
  ])
  expect(await askings('query ($a: String!) { number(word: $a) }')).toEqual([{ by: null, variables: { a: 'abc' } }])
})

test('an input of which exactly one field is to be given is tried by each that has a value', async () => {
  const id = { id: '5f00000000000000000000aa' }
  const by = await made('query ($a: BookBy!) { bookBy(by: $a) { id } }')
  expect(by.askings).toEqual([
    { by: null, variables: { a: id } },
    { by: 'id', variables: { a: id } },
    { by: 'isbn', variables: { a: { isbn: '978-0141439587' } } },
  ])
  expect(by.notMade).toEqual(['$a (at): nothing tells what a value of Mystery is'])
  expect(await askings('query ($a: Found!) { found(found: $a) { id } }')).toEqual([
    { by: null, variables: { a: { by: id } } },
  ])
  const never = await made('query ($a: Never!) { never(by: $a) { id } }')
  expect([never.askings, never.notMade.at(-1)]).toEqual([[], '$a: nothing tells what a value of Mystery is'])
  expect(await askings('query ($a: AnyFilter) { any(filter: $a) { edges { node { id } } } }')).toEqual([
    { by: null, variables: {} },
    { by: 'title eq', variables: { a: { title: { eq: 'Emma' } } } },
    { by: 'title contains', variables: { a: { title: { contains: 'Emma' } } } },
    { by: 'pages eq', variables: { a: { pages: { eq: 1 } } } },
  ])
})

test('enumerations, lists and inputs get the least that they take', async () => {
  const source =
    'query ($k: Kind!, $t: [String!]!, $r: Range!) { books(kind: $k, tag: $t, range: $r) { edges { node { id } } } }'
  expect(await askings(source)).toEqual([{ by: null, variables: { k: 'OLD', t: ['abc'], r: { from: 1 } } }])
})

test('what may be left out is, and what has a default keeps it', async () => {
  const source = 'query ($f: Int, $k: Kind! = NEW) { books(first: $f, kind: $k) { edges { node { id } } } }'
  expect(await askings(source)).toEqual([{ by: null, variables: {} }])
})

test('what a directive asks for lets the field be asked', async () => {
  const source = 'query ($a: Boolean!, $b: Boolean!) { number @include(if: $a) @skip(if: $b) }'
  expect(await askings(source)).toEqual([{ by: null, variables: { a: true, b: false } }])
})

test('a filter is tried field by field, besides going without', async () => {
  const { askings, notMade } = await made('query ($f: BookFilter) { books(filter: $f) { edges { node { id } } } }')
  expect(askings).toEqual([
    { by: null, variables: {} },
    { by: 'title eq', variables: { f: { title: { eq: 'Emma' } } } },
    { by: 'title contains', variables: { f: { title: { contains: 'Emma' } } } },
    { by: 'pages eq', variables: { f: { pages: { eq: 1 } } } },
    { by: 'tags has', variables: { f: { tags: { has: 'old' } } } },
    { by: 'chapters some name eq', variables: { f: { chapters: { some: { name: { eq: 'abc' } } } } } },
    { by: 'chapters some name contains', variables: { f: { chapters: { some: { name: { contains: 'abc' } } } } } },
  ])
  expect(notMade).toEqual(['$f (due eq): no Book has one'])
})

test('what the team gives is taken, each set by itself, and the rest is made', async () => {
  const source = 'query ($f: BookFilter, $k: Kind!) { books(filter: $f, kind: $k) { edges { node { id } } } }'
  const given = [{ f: { pages: { gt: 3 } } }, { f: null, k: 'NEW' }]
  expect(await askings(source, { given })).toEqual([
    { by: null, variables: { f: { pages: { gt: 3 } }, k: 'OLD' } },
    { by: null, variables: { f: null, k: 'NEW' } },
  ])
})

test('a value that cannot be made is told, and nothing is asked', async () => {
  expect(await made('query ($a: ID!) { book(id: $a) { id } }', { sample: null })).toEqual({
    askings: [],
    notMade: ['$a: no Book has one'],
  })
  expect(await made('query ($a: Mystery!, $b: ID!) { number(at: $a, id: $b) }')).toEqual({
    askings: [],
    notMade: ['$a: nothing tells what a value of Mystery is', '$b: nothing tells what a value of ID is'],
  })
})
