import { Command } from 'commander'
import { connectionNotes } from '../jobs/connections.ts'
import { forewarnings } from '../jobs/forewarnings.ts'
import { missingIndexes } from '../jobs/index-parity.ts'
import { contractOrders } from '../resolve/contract-orders.ts'
import { printJson, say, warn } from './output.ts'
import { withSession } from './with-session.ts'

/** What the connections are worth, and what PostgreSQL lacks to answer as fast, and to promise as much, as MongoDB. */
export function doctorCommand(): Command {
  return new Command('doctor')
    .description(
      'what the connections promise and have room for, and the indexes that PostgreSQL lacks: those of MongoDB, and those that the orders of the contract need',
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
          await Promise.all(entities.map((entity) => missingIndexes(stores, entity, orders.get(entity.name) ?? [])))
        ).flat()
        if (json) printJson(found)
        else {
          for (const { type, because, statement, note } of found) {
            process.stdout.write(
              `-- ${type}: ${because}${note ? `. ${note}` : ''}\n${statement ? `${statement}\n` : ''}\n`,
            )
          }
          if (found.length === 0) say('PostgreSQL has every index that MongoDB has and the contract needs.')
        }
        // 2: differs
        const problems = notes.some(({ problem }) => problem) || warnings.length > 0
        if (problems || found.some(({ statement }) => statement !== null)) process.exitCode = 2
      }),
    )
}
