import { Command } from 'commander'
import { CrossfadeError } from '../util/errors.ts'
import { printJson, printTable, say } from './output.ts'
import { told } from './told.ts'
import { withSession } from './with-session.ts'

interface Options {
  readonly config?: string
  readonly json?: boolean
}

/** Findings are kept in PostgreSQL alone. @throws UNAVAILABLE that says so where it does not answer. */
async function kept<T>(ask: Promise<T>): Promise<T> {
  try {
    return await ask
  } catch (error) {
    const line = told(error)
    if (line === null) throw error
    throw new CrossfadeError('UNAVAILABLE', `Findings are kept in PostgreSQL alone. ${line}`)
  }
}

/** What shadow reads found. */
export function mismatchesCommand(): Command {
  const mismatches = new Command('mismatches').description('what shadow reads found')
  const add = (name: string, description: string, example: string): Command =>
    mismatches
      .command(name)
      .description(description)
      .addHelpText('before', `Example:\n  ${example}\n`)
      .option('--config <file>', 'default crossfade.config.ts')
      .option('--json', 'print as JSON')
  add('list', 'groups, most frequent first', 'crossfade mismatches list').action(({ config, json }: Options) =>
    withSession(config, async ({ stores }) => {
      const groups = await kept(stores.postgres.findings.groups())
      if (json) return printJson(groups)
      if (groups.length === 0) return say('Shadow reads have found nothing.')
      const rows = groups.map((group) => [
        group.fingerprint,
        group.type,
        group.resolver,
        group.kind,
        group.path,
        group.count,
        group.lastAt.toISOString(),
      ])
      printTable(['group', 'type', 'read by', 'kind', 'path', 'count', 'last seen'], rows)
    }),
  )
  add(
    'show <group>',
    'one group with its latest examples (at most 20 are kept)',
    'crossfade mismatches show 3fa9',
  ).action((group: string, { config, json }: Options) =>
    withSession(config, async ({ stores }) => {
      const found = await kept(stores.postgres.findings.show(group))
      if (!found)
        throw new CrossfadeError(
          'BAD_USER_INPUT',
          `No one group begins with ${group}; see \`crossfade mismatches list\`.`,
        )
      if (json) return printJson(found)
      const { type, resolver, kind, path, count } = found.group
      process.stdout.write(
        `${type} ${path} (${kind}), read by ${resolver}: ${count} times, ${found.examples.length} examples kept\n`,
      )
      for (const { id, at, example } of found.examples) {
        process.stdout.write(`\n${id ?? '(whole result)'}  ${at.toISOString()}\n${JSON.stringify(example, null, 2)}\n`)
      }
    }),
  )
  return mismatches
}
