import { makeExecutableSchema } from '@graphql-tools/schema'
import { defineEntity, embed, float, json, list, objectId, text } from 'crossfade'
import { expect, test } from 'vitest'
import { checkNeeds } from '../../src/resolve/check-needs.ts'

const Book = defineEntity('Book', {
  mongo: 'books',
  postgres: 'books',
  id: objectId(),
  fields: {
    title: text(),
    size: embed({ width: float(), height: float() }),
    editions: list(embed({ publisher: text() })),
    extra: json({ color: text() }),
  },
})

const resolve = (): null => null

function check(fields: string, resolvers: object, more = ''): void {
  const typeDefs = `
    type Query { book: Book }
    type Book { id: ID title: String ${fields} }
    ${more}`
  checkNeeds(makeExecutableSchema({ typeDefs, resolvers: resolvers as never }), [Book])
}

const advice = "give it `extensions: { needs: ['…'] }`, or `needs: []` where it reads the id alone."

test('a resolver that does not say what it reads is refused at start-up, not given nothing', () => {
  expect(() => check('label: String', { Book: { label: resolve } })).toThrow(
    `Book.label is no field of the mapping of Book, and does not say what it reads of the record: ${advice}`,
  )
})

test('so is a field that nothing resolves', () => {
  expect(() => check('subtitle: String', {})).toThrow(/^Book\.subtitle is no field of the mapping of Book/)
})

test('so is one of an embedded object, and one of the objects of a list', () => {
  const more = 'type Size { width: Float area: Float } type Edition { publisher: String year: Int }'
  const said = 'is no field of the mapping of Book, and does not say what it reads of the record: give it'
  const message = [
    `Size.area ${said} \`extensions: { needs: ['size.…'] }\`.`,
    `Edition.year ${said} \`extensions: { needs: ['editions.…'] }\`.`,
  ]
  const resolvers = { Size: { area: resolve }, Edition: { year: resolve } }
  expect(() => check('size: Size editions: [Edition]', resolvers, more)).toThrow(message.join('\n'))
})

test('a field that shows another member and has no resolver would be null, and is refused', () => {
  const shows = { extensions: { member: 'title' } }
  expect(() => check('label: String', { Book: { label: shows } })).toThrow(
    'Book.label shows title, and has no resolver, so that it would be null: give it one, as (record) => record.title.',
  )
  const made = { ...shows, resolve: ({ title }: { title: string }) => title }
  expect(() => check('label: String', { Book: { label: made } })).not.toThrow()
})

test('a field of a type that shows no record reads nothing of one, and is refused', () => {
  const more = 'type BookEdge { node: Book loud: String } type Page { edges: [BookEdge] }'
  const loud = { extensions: { needs: ['title'] }, resolve }
  expect(() =>
    check('all: Page', { Book: { all: { extensions: { needs: [] }, resolve } }, BookEdge: { loud } }, more),
  ).toThrow('BookEdge.loud says what it reads of a record, and BookEdge shows none: nothing would be read for it.')
})

test('needs that name no field are refused', () => {
  expect(() => check('label: String', { Book: { label: { extensions: { needs: ['titel'] }, resolve } } })).toThrow(
    'Book.label needs "titel", which is no field of Book. Did you mean "title"?',
  )
})

test('paths are from the record, also in the type of an object inside of it', () => {
  const resolvers = { Size: { area: { extensions: { needs: ['width'] }, resolve } } }
  expect(() => check('size: Size', resolvers, 'type Size { width: Float area: Float }')).toThrow(
    'Size.area needs "width", which is no field of Book. Did you mean "size.width"?',
  )
})

test('fields of the mapping, the id, objects, and needs of every sort of path are fine', () => {
  const more = 'type Size { width: Float area: Float } type Edition { publisher: String }'
  const needs = ['id', 'size.width', 'size.height', 'editions.publisher', 'extra.color', 'title']
  check(
    'size: Size editions: [Edition] extra: String label: String reviews: Int',
    {
      Book: { label: { extensions: { needs }, resolve }, reviews: { extensions: { needs: [] }, resolve } },
      Size: { area: { extensions: { needs: ['size.width', 'size.height'] }, resolve } },
    },
    more,
  )
})
