import { defineConfig } from 'crossfade'
import { contextOf } from './auth/context.ts'
import { demo } from './data/demo.ts'
import { entities } from './entities/index.ts'
import * as shop from './migrations/0001-shop.ts'
import './resolvers/index.ts'
import { builder } from './schema/builder.ts'

export default defineConfig({
  schema: builder.toSchema(),
  entities,
  migrations: { '0001-shop': shop },
  context: contextOf,
  // Whose share of reads it is, is said by the token that was checked
  subject: (_, { viewer }) => viewer?.id ?? '',
  demo,
})
