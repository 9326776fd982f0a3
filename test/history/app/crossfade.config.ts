import { readFileSync } from 'node:fs'
import { makeExecutableSchema } from '@graphql-tools/schema'
import { defineConfig } from 'crossfade'
import { noGates } from '../../support/no-gates.ts'
import { Basket, Counter, Note, Purse, Seat, Transfer } from './entities.ts'
import * as tables from './migrations/0001-tables.ts'
import { resolvers } from './resolvers.ts'

const typeDefs = readFileSync(new URL('schema.graphql', import.meta.url), 'utf8')

export default defineConfig({
  schema: makeExecutableSchema({ typeDefs, resolvers }),
  entities: [Counter, Basket, Note, Seat, Purse, Transfer],
  migrations: { '0001-tables': tables },
  gates: noGates, // moves go on as fast as they can
})
