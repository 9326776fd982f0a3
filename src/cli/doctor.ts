import { Command } from 'commander'
import { connectionNotes } from '../jobs/connections.ts'
import { forewarnings } from '../jobs/forewarnings.ts'
import { missingIndexes } from '../jobs/index-parity.ts'
import { missingOrderIndexes } from '../jobs/order-indexes.ts'
import { contractOrders } from '../resolve/contract-orders.ts'
import { printJson, say, warn } from './output.ts'
import { withSession } from './with-session.ts'

/**
 * What the connections are worth, what PostgreSQL lacks to answer as fast, and to promise as much, as MongoDB, and what
 * MongoDB lacks for the contract's orders.
 */
export function doctorCommand(): Command {
  return new Command('doctor')
    .description(
      'what the connections promise and have room for, and the indexes that are missing: in PostgreSQL those of MongoDB, in both stores those that the orders of the contract need',
    )
    .addHelpText('before', 'Example:\n  crossfade doctor > indexes.sql\n')
    .option('--config <file>', 'default crossfade.config.ts')
    .option('--json', 'print as JSON')
    .action(({ config, json }: { config?: string; json?: boolean }) =>
      withSession(config, async ({ config: { entities, schema }, stores }) => {
        const notes = await connectionNotes(stores)
        for (const { store, problem, text } of notes) (problem ? warn : say)(`${store}: ${text}`)
        const warnings = await forewarnings(stores.mongo, entities)
        for (const line of warnings) warn(line)
        const orders = contractOrders(schema, entities)
        const found = (
          await Promise.all(
            entities.flatMap((entity) => {
              const asked = orders.get(entity.name) ?? []
              return [missingIndexes(stores, entity, asked), missingOrderIndexes(stores.mongo, entity, asked)]
            }),
          )
        ).flat()
        if (json) printJson(found)
        else {
          for (const { store, type, because, statement, note } of found) {
            // All of it may be given to psql: what MongoDB's shell takes stands in comments
            const line = statement === null ? '' : store === 'mongo' ? `-- mongosh: ${statement}\n` : `${statement}\n`
            process.stdout.write(`-- ${type}: ${because}${note ? `. ${note}` : ''}\n${line}\n`)
          }
          if (found.length === 0)
            say('Both stores have every index that the contract needs, and PostgreSQL those of MongoDB.')
        }
        // 2: differs
        const problems = notes.some(({ problem }) => problem) || warnings.length > 0
        if (problems || found.some(({ statement }) => statement !== null)) process.exitCode = 2
      }),
    )
}
