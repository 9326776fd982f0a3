import { schemaDrift } from '../../stores/postgres/schema-diff.ts'
import type { Gate } from '../gate.ts'

/** The tables are what the mapping implies. What only makes a gateway slower or less safe is told by `migrate diff`. */
export const schema: Gate = async ({ stores, entity, settings }) => {
  if (!settings.schema) return null
  const drift = (await schemaDrift(stores.postgres.connection, [entity])).filter(({ works }) => !works)
  const [first] = drift
  if (!first) return { met: true, found: 'the tables are what the mapping implies' }
  const more = drift.length > 1 ? `, and ${drift.length - 1} more` : ''
  const found = `the tables do not fit the mapping: ${first.table}: ${first.problem}${more}`
  return { met: false, found, remedy: 'run `crossfade migrate diff`' }
}
