import { makeExecutableSchema } from '@graphql-tools/schema'
import { defineConfig } from 'crossfade'
import { noGates } from '../../support/no-gates.ts'
import { Purse, Transfer } from '../../support/purses.ts'

const typeDefs = 'type Query { purse: Purse } type Purse { id: ID! }'

/** A group of two types; or, as an older version of the app had them, types that move by themselves. */
const isOld = process.env['OLD_APP'] === '1'
const entities = [Purse, Transfer].map((entity) => (isOld ? Object.freeze({ ...entity, group: null }) : entity))

export default defineConfig({ schema: makeExecutableSchema({ typeDefs }), entities, migrations: {}, gates: noGates })
