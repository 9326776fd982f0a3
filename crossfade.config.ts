import { defineConfig } from 'crossfade'
import { demo } from './demo/demo.ts'
import * as mflix from './migrations/0001-mflix.ts'
import * as jsonKeepsItsOrder from './migrations/0002-json-keeps-its-order.ts'
import * as otherWriters from './migrations/0003-other-writers.ts'
import * as checks from './migrations/0004-checks.ts'
import './resolvers/index.ts'
import { builder } from './schema/builder.ts'
import { entities } from './schema/index.ts'

export default defineConfig({
  schema: builder.toSchema(),
  entities,
  migrations: {
    '0001-mflix': mflix,
    '0002-json-keeps-its-order': jsonKeepsItsOrder,
    '0003-other-writers': otherWriters,
    '0004-checks': checks,
  },
  // The demo's traffic is some hundred operations
  gates: { comparisons: 20, types: { Theater: { comparisons: 2 } } },
  // The demo's traffic says who it is, and nobody has to prove it
  subject: (request) => request.headers.get('x-client-id') ?? '',
  demo,
})
