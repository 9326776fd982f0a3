import { Command, InvalidArgumentError } from 'commander'
import type { Entity } from '../entity/entity.ts'
import { backfill } from '../jobs/backfill.ts'
import type { Progress } from '../jobs/checkpoint.ts'
import { settleConstraints } from '../jobs/settle-constraints.ts'
import type { Stores } from '../routing/routing.ts'
import { STAGE_PLAN } from '../stage/stage.ts'
import { knownFlags } from './known-flags.ts'
import { printJson, say } from './output.ts'
import { ProgressLine } from './progress-line.ts'
import { isAbort, untilAborted } from './signals.ts'
import { typeOf } from './type-of.ts'
import { withSession } from './with-session.ts'

/** Ctrl-C ends the command at once: what is under way is not waited for, and nothing is lost. */
function leave(error: unknown): never {
  if (!isAbort(error)) throw error
  say('Stopped. Run it again to go on from here.')
  process.exit(130)
}

/** Types that MongoDB rules and PostgreSQL mirrors. */
export async function copiedTypes(stores: Stores, entities: readonly Entity[]): Promise<string[]> {
  const types = entities.map(({ name }) => name)
  const flags = await knownFlags(stores, types)
  return types.filter((type) => {
    const plan = STAGE_PLAN[flags.get(type)?.stage ?? 'off']
    return plan.authority === 'mongo' && plan.mirror !== null
  })
}

function batchOf(text: string): number {
  const batch = Number(text)
  if (!Number.isInteger(batch) || batch < 1 || batch > 10_000)
    throw new InvalidArgumentError('It must be a whole number from 1 to 10000.')
  return batch
}

/** Copies collections into their tables. */
export function backfillCommand(): Command {
  return new Command('backfill')
    .description('make the tables equal to their collections; can be stopped and run again')
    .addHelpText('before', 'Example:\n  crossfade backfill Movie --batch 1000\n')
    .argument('[types...]', 'default: every type in dualwrite or shadow')
    .option('--batch <n>', 'documents a batch', batchOf, 500)
    .option('--config <file>', 'default crossfade.config.ts')
    .option('--json', 'print the result as JSON')
    .action((types: string[], { config, batch, json }: { config?: string; batch: number; json?: boolean }) =>
      withSession(config, async ({ config: app, stores }) => {
        for (const type of types) typeOf(app.entities, type)
        const mirrored = await copiedTypes(stores, app.entities)
        const chosen = app.entities.filter(({ name }) => (types.length === 0 ? mirrored : types).includes(name))
        const results = []
        const { signal } = untilAborted()
        for (const entity of chosen) {
          const line = new ProgressLine(entity.name)
          const onProgress = (progress: Progress): void => line.show(progress)
          results.push(await backfill({ stores, entity, batch, onProgress, log: say, signal }).catch(leave))
          line.end()
        }
        await settleConstraints(stores, app.entities, { log: say })
        if (json) printJson(results)
        else say('Backfill is complete.')
      }),
    )
}
