import { defineConfig } from 'crossfade'
import * as mflix from './migrations/0001-mflix.ts'
import * as jsonKeepsItsOrder from './migrations/0002-json-keeps-its-order.ts'
import { demo } from './schema/demo/demo.ts'
import { entities, schema } from './schema/index.ts'

export default defineConfig({
  schema,
  entities,
  migrations: { '0001-mflix': mflix, '0002-json-keeps-its-order': jsonKeepsItsOrder },
  demo,
})
