import { Command } from 'commander'
import { typeOf } from '../entity/type-of.ts'
import { ensureConstraints } from '../jobs/ensure-constraints.ts'
import type { Care } from '../jobs/strain.ts'
import { work } from '../jobs/work.ts'
import { filledTypes } from './filled-types.ts'
import { say } from './output.ts'
import { positive } from './positive.ts'
import { ProgressLine } from './progress-line.ts'
import { leaving, untilAborted } from './signals.ts'
import { upToEight } from './up-to-eight.ts'
import { upToTenThousand } from './up-to-ten-thousand.ts'
import { withSession } from './with-session.ts'

interface Options {
  readonly config?: string
  readonly batch: number
  readonly rate?: number
  readonly workers: number
  readonly range?: number
  readonly nice?: boolean
}

/** Copies ranges of the backfills that run, whoever began them. */
export function workerCommand(): Command {
  return new Command('worker')
    .description('take part in every backfill that runs, on as many machines as there are workers; ends by Ctrl-C')
    .addHelpText('before', 'Example:\n  crossfade worker --workers 2\n')
    .addHelpText(
      'after',
      '\nProgress on stderr: a line on a terminal, JSON lines elsewhere. Exit code: 130 when it is stopped',
    )
    .argument('[types...]', 'default: every type')
    .option('--workers <n>', 'copy so many ranges of ids side by side', upToEight(1), 1)
    .option('--batch <n>', 'records a batch', upToTenThousand, 500)
    .option('--rate <n>', 'copy so many documents a second at most', positive)
    .option('--range <n>', 'records a range at least, where it is this process that cuts; default 25000', positive)
    .option('--nice', 'go slowly sooner where others suffer from it: by latency, replicas, writes that wait')
    .option('--config <file>', 'default crossfade.config.ts')
    .action((types: string[], { config, batch, rate, workers, range, nice }: Options) =>
      withSession(config, async ({ config: { entities }, stores }) => {
        for (const type of types) typeOf(entities, type)
        const chosen = entities.filter(({ name }) => types.length === 0 || types.includes(name))
        const lines = new Map(chosen.map(({ name }) => [name, new ProgressLine(name)]))
        const care: Care = nice ? 'nice' : 'usual'
        const given = { batch, workers, care, ...(rate ? { rate } : {}), ...(range ? { perRange: range } : {}) }
        say('Waiting for backfills.')
        await work({
          stores,
          entities: chosen,
          ...given,
          onProgress: (progress) => lines.get(progress.type)!.show(progress),
          async onEnd({ name }) {
            lines.get(name)!.end()
            say(`${name}: backfill is complete.`)
            await ensureConstraints(stores, await filledTypes(stores, entities), { log: say })
          },
          log: say,
          signal: untilAborted().signal,
        }).catch(leaving('Stopped.'))
      }),
    )
}
