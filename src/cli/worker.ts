import { Command } from 'commander'
import { work } from '../jobs/work.ts'
import { constrainFilled } from './constrain-filled.ts'
import { addCopyOptions, type CopyOptions, copyOptions } from './copy-options.ts'
import { say } from './output.ts'
import { ProgressLine } from './progress-line.ts'
import { readingFrom } from './read-preference.ts'
import { leaving, untilAborted } from './signals.ts'
import { typesOrAll } from './types-named.ts'
import { withSession } from './with-session.ts'

interface Options extends CopyOptions {
  readonly config?: string
}

/** Copies ranges of the backfills that run, whoever began them. */
export function workerCommand(): Command {
  const command = new Command('worker')
    .description('take part in every backfill that runs, on as many machines as there are workers; ends by Ctrl-C')
    .addHelpText('before', 'Example:\n  crossfade worker --workers 2\n')
    .addHelpText(
      'after',
      '\nProgress on stderr: a line on a terminal, JSON lines elsewhere. Exit code: 130 when it is stopped',
    )
    .argument('[types...]', 'default, and `all`: every type')
  return addCopyOptions(command, 1, {
    workers: 'copy so many ranges of ids side by side',
    range: 'records a range at least, where it is this process that cuts; default 25000',
  })
    .option('--config <file>', 'default crossfade.config.ts')
    .action((types: string[], { config, ...options }: Options) =>
      withSession(config, async ({ config: { entities }, stores }) => {
        const chosen = typesOrAll(entities, types)
        const lines = new Map(chosen.map(({ name }) => [name, new ProgressLine(name)]))
        say('Waiting for backfills.')
        const { signal } = untilAborted()
        await work({
          stores: readingFrom(stores, options),
          entities: chosen,
          ...copyOptions(options),
          onProgress: (progress) => lines.get(progress.type)!.show(progress),
          async onEnd({ name }) {
            lines.get(name)!.end()
            say(`${name}: backfill is complete.`)
            await constrainFilled(stores, entities, signal)
          },
          log: say,
          signal,
        }).catch(leaving('Stopped.'))
      }),
    )
}
