import { buildSchema, parse } from 'graphql'
import { expect, test } from 'vitest'
import { selects } from '../../src/replay/selects.ts'

const schema = buildSchema(`
  interface Work { title: String }
  type Book implements Work { title: String, pages: Int }
  type Film implements Work { title: String, minutes: Int }
  type Query { works: [Work], book: Book, film: Film }
`)
const meant = (field: string, query: string, name: string | null = null) => selects(schema, field)(parse(query), name)

test('a field of a type, at any depth and in fragments', () => {
  expect(meant('Query.book', '{ book { title } }')).toBe(true)
  expect(meant('Query.book', '{ film { title } }')).toBe(false)
  expect(meant('Book.title', '{ book { title } }')).toBe(true)
  expect(meant('Book.title', '{ film { title } }')).toBe(false)
  expect(meant('Book.pages', 'query A { book { ...B } } fragment B on Book { pages }', 'A')).toBe(true)
})

test('one that is selected of an interface is of all types behind it', () => {
  expect(meant('Book.title', '{ works { title } }')).toBe(true)
  expect(meant('Film.title', '{ works { ... on Film { title } } }')).toBe(true)
  expect(meant('Film.title', '{ works { ... on Book { title } } }')).toBe(false)
})

test('of a document with several operations the one that was asked counts', () => {
  const both = 'query A { book { title } } query B { film { title } }'
  expect([meant('Query.book', both, 'A'), meant('Query.book', both, 'B')]).toEqual([true, false])
})

test('a field that the contract does not have is an error that names the nearest', () => {
  expect(() => selects(schema, 'Query.boook')).toThrow(
    'The contract has no field Query.boook. Did you mean "Query.book"?',
  )
  expect(() => selects(schema, 'book')).toThrow('The contract has no field book. Did you mean "Query.book"?')
  expect(() => selects(schema, '')).toThrow('The contract has no field .')
})
