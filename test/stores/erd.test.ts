import { defineEntity, embed, int, list, objectId, text } from 'crossfade'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { entityDiagram, rowEstimates } from '../../src/stores/postgres/erd.ts'
import { openStores, type TestStores } from '../support/stores.ts'

const Author = defineEntity('Author', {
  mongo: 'authors',
  postgres: 'authors',
  id: int(),
  fields: { name: text(), key: text().column('PK') },
})
const Book = defineEntity('Book', {
  mongo: 'books',
  postgres: 'books "of" all',
  id: objectId(),
  fields: {
    title: text().at('the title'),
    author: int().references('Author'),
    publisher: int().references('Publisher'),
    tags: list(text()),
    editions: list(embed({ year: int() })).childTable('book_editions'),
  },
})

/** Mermaid 11 draws it. */
const diagram = `erDiagram
  authors["authors (about 1200 rows)"] {
    integer id PK
    text name
    text _PK "PK"
    jsonb rest
    bigint _cf_epoch
    bigint _cf_counter
  }
  books__of__all["books #quot;of#quot; all (not made yet)"] {
    text id PK
    text title
    integer author FK
    integer publisher
    text[] tags
    integer editions_count
    jsonb rest
    bigint _cf_epoch
    bigint _cf_counter
  }
  book_editions["book_editions (not counted yet)"] {
    text parent_id PK, FK
    integer position PK
    integer year
    jsonb rest
  }
  books__of__all ||--o{ book_editions : has
  authors |o--o{ books__of__all : "author"
`

let stores: TestStores
beforeAll(async () => {
  stores = await openStores([Author])
})
afterAll(() => stores?.close())

test('A diagram has the tables, their keys, what belongs to them and what they refer to', () => {
  const estimates = new Map([
    ['authors', 1200.4],
    ['book_editions', null],
  ])
  expect(entityDiagram([Author, Book], estimates)).toBe(diagram)
})

test('Rows are those that PostgreSQL has counted, and no table is read for them', async () => {
  const { connection } = stores.postgres
  expect(await rowEstimates(connection, [Author, Book])).toEqual(new Map([['authors', null]]))
  await connection.run(sql`analyze authors`)
  expect(await rowEstimates(connection, [Author])).toEqual(new Map([['authors', 0]]))
})
