import { Command } from 'commander'
import { contractOrders } from '../gateway/contract-orders.ts'
import { missingIndexes } from '../jobs/index-parity.ts'
import { printJson, say } from './output.ts'
import { withSession } from './with-session.ts'

/** What PostgreSQL lacks to answer as fast, and to promise as much, as MongoDB. */
export function doctorCommand(): Command {
  return new Command('doctor')
    .description('the indexes that PostgreSQL lacks: those of MongoDB, and those that the orders of the contract need')
    .addHelpText('before', 'Example:\n  crossfade doctor > indexes.sql\n')
    .option('--config <file>', 'default crossfade.config.ts')
    .option('--json', 'print as JSON')
    .action(({ config, json }: { config?: string; json?: boolean }) =>
      withSession(config, async ({ config: { entities, schema }, stores }) => {
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
        if (found.some(({ statement }) => statement !== null)) process.exitCode = 2
      }),
    )
}
