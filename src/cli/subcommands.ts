import type { Command } from 'commander'

/** Adds commands to a group, each with an example first, a configuration and JSON as output. */
export const subcommandsOf =
  (group: Command) =>
  (name: string, description: string, example: string): Command =>
    group
      .command(name)
      .description(description)
      .addHelpText('before', `Example:\n  ${example}\n`)
      .option('--config <file>', 'default crossfade.config.ts')
      .option('--json', 'print as JSON')
