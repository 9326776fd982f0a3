import { Command } from 'commander'
import { entityDiagram, rowEstimates } from '../stores/postgres/erd.ts'
import { printJson } from './output.ts'
import { typesOrAll } from './types-named.ts'
import { withSession } from './with-session.ts'

interface Options {
  readonly config?: string
  readonly json?: boolean
}

/** A picture of the tables. */
export function erdCommand(): Command {
  return new Command('erd')
    .description('the tables that the mappings imply, as a diagram in Mermaid, with about how many rows they have')
    .addHelpText('before', 'Examples:\n  crossfade erd > tables.mmd\n  crossfade erd Movie Comment\n')
    .addHelpText('after', "\nCounts are the planner's: `ANALYZE` makes them exact enough.")
    .argument('[type...]', 'default, and `all`: every type')
    .option('--config <file>', 'default crossfade.config.ts')
    .option('--json', 'print the diagram and the counts as JSON')
    .action((types: readonly string[], { config, json }: Options) =>
      withSession(config, async ({ config: { entities }, stores }) => {
        const shown = typesOrAll(entities, types)
        const estimates = await rowEstimates(stores.postgres.connection, shown)
        const diagram = entityDiagram(shown, estimates)
        if (json) printJson({ diagram, rows: Object.fromEntries(estimates) })
        else process.stdout.write(diagram)
      }),
    )
}
