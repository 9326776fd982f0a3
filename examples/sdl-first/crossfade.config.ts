import { readFileSync } from 'node:fs'
import { makeExecutableSchema } from '@graphql-tools/schema'
import { defineConfig } from 'crossfade'
import { Guide, Offer, Product, Review } from './entities.ts'
import * as shop from './migrations/0001-shop.ts'
import * as stories from './migrations/0002-stories.ts'
import * as checks from './migrations/0003-checks.ts'
import { resolvers } from './resolvers.ts'

const typeDefs = readFileSync(new URL('schema.graphql', import.meta.url), 'utf8')

export default defineConfig({
  schema: makeExecutableSchema({ typeDefs, resolvers }),
  entities: [Product, Review, Guide, Offer],
  migrations: { '0001-shop': shop, '0002-stories': stories, '0003-checks': checks },
})
