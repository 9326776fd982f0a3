import { makeExecutableSchema } from '@graphql-tools/schema'
import { defineEntity, objectId, text } from 'crossfade'
import { expect, test } from 'vitest'
import { checkPages } from '../../src/resolve/check-pages.ts'

const [Book, Film] = ['Book', 'Film'].map((name) =>
  defineEntity(name, { mongo: name, postgres: name.toLowerCase(), id: objectId(), fields: { title: text() } }),
)

const check = (page: object): void =>
  checkPages(
    makeExecutableSchema({
      typeDefs: 'type Query { all: [String] }',
      resolvers: { Query: { all: { extensions: { page } } } } as never,
    }),
  )

test('a list of several types that is to take cursors of an earlier API is refused', () => {
  const cursor = { decode: () => null }
  expect(() => check({ entities: [Book, Film], cursor })).toThrow(
    'Query.all is a list of several types, and takes no cursors of an earlier API',
  )
  expect(() => check({ entities: [Book, Film] })).not.toThrow()
  expect(() => check({ entity: Book, cursor })).not.toThrow()
})
