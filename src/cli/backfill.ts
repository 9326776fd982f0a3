import { Command } from 'commander'
import { backfill, settleConstraints } from '../jobs/backfill.ts'
import { CrossfadeError } from '../util/errors.ts'
import { printJson, say } from './output.ts'
import { ProgressLine } from './progress-line.ts'
import { withSession } from './with-session.ts'

/** Copies collections into their tables. */
export function backfillCommand(): Command {
  return new Command('backfill')
    .description('copy collections into their tables; can be stopped and run again')
    .addHelpText('before', 'Example:\n  crossfade backfill Movie --batch 1000\n')
    .argument('[types...]', 'default: every type')
    .option('--batch <n>', 'documents a batch', Number, 500)
    .option('--config <file>', 'default crossfade.config.ts')
    .option('--json', 'print the result as JSON')
    .action((types: string[], { config, batch, json }: { config?: string; batch: number; json?: boolean }) =>
      withSession(config, async ({ config: app, stores }) => {
        const unknown = types.filter((type) => !app.entities.some(({ name }) => name === type))
        if (unknown.length > 0) throw new CrossfadeError('BAD_USER_INPUT', `There is no type ${unknown.join(', ')}.`)
        const chosen = app.entities.filter(({ name }) => types.length === 0 || types.includes(name))
        const results = []
        for (const entity of chosen) {
          const line = new ProgressLine(entity.name)
          results.push(await backfill({ stores, entity, batch, onProgress: (progress) => line.show(progress) }))
          line.end()
        }
        await settleConstraints(stores.postgres, app.entities)
        if (json) printJson(results)
        else say('Backfill is complete.')
      }),
    )
}
