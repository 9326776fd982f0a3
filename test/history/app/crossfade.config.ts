import { readFileSync } from 'node:fs'
import { makeExecutableSchema } from '@graphql-tools/schema'
import { defineConfig } from 'crossfade'
import { Basket, Counter, Note, Seat } from './entities.ts'
import * as tables from './migrations/0001-tables.ts'
import { resolvers } from './resolvers.ts'

const typeDefs = readFileSync(new URL('schema.graphql', import.meta.url), 'utf8')

export default defineConfig({
  schema: makeExecutableSchema({ typeDefs, resolvers }),
  entities: [Counter, Basket, Note, Seat],
  migrations: { '0001-tables': tables },
})
