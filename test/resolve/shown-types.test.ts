import { defineEntity, objectId } from 'crossfade'
import { buildSchema } from 'graphql'
import { expect, test } from 'vitest'
import { fieldCosts } from '../../src/gateway/field-cost.ts'
import { entityOf, pagedEntity } from '../../src/resolve/shown-types.ts'

const Book = defineEntity('Book', { mongo: 'books', postgres: 'books', id: objectId(), fields: {} })

const schema = buildSchema(`
  type Query { books: BookConnection }
  type Book { id: ID }
  interface BookConnection { nodes: [Book] }
  type Shelf implements BookConnection { nodes: [Book] }
`)
const type = (name: string) => schema.getType(name)!

test('pages are known by their name, also where it is that of an interface, and are as small as pages are', () => {
  expect(['Query', 'Book', 'BookConnection', 'Shelf'].map((name) => pagedEntity(type(name), [Book]))).toEqual([
    null,
    null,
    Book,
    null,
  ])
  expect(entityOf(type('Book'), [Book])).toBe(Book)
  expect(entityOf(type('BookConnection'), [Book])).toBeNull()
  const query = schema.getQueryType()!
  expect(fieldCosts(schema, [Book], 20)(query, query.getFields()['books']!)).toMatchObject({ most: 100 })
})
