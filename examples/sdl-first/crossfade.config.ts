import { readFileSync } from 'node:fs'
import { makeExecutableSchema } from '@graphql-tools/schema'
import { defineConfig } from 'crossfade'
import { Product, Review } from './entities.ts'
import * as shop from './migrations/0001-shop.ts'
import { resolvers } from './resolvers.ts'

const typeDefs = readFileSync(new URL('schema.graphql', import.meta.url), 'utf8')

export default defineConfig({
  schema: makeExecutableSchema({ typeDefs, resolvers }),
  entities: [Product, Review],
  migrations: { '0001-shop': shop },
})
