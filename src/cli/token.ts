import { Command, InvalidArgumentError, Option } from 'commander'
import { listTokens, makeToken, revokeToken, type Token } from '../admin/tokens.ts'
import { ledgersOf } from '../control/flag-store.ts'
import { type Role, roles } from '../control/role.ts'
import { CrossfadeError } from '../util/errors.ts'
import { printJson, printTable, say } from './output.ts'
import { subcommandsOf } from './subcommands.ts'
import { whoRuns } from './who-runs.ts'
import { withSession } from './with-session.ts'

interface Options {
  readonly config?: string
  readonly json?: boolean
}

const standing = ({ until, revokedAt }: Token): string => {
  if (revokedAt) return `revoked ${revokedAt.toISOString()}`
  return `${until.getTime() > Date.now() ? 'until' : 'expired'} ${until.toISOString()}`
}

/** @throws InvalidArgumentError */
function daysOf(text: string): number {
  const days = Number(text)
  if (!/^\d+$/.test(text) || days < 1 || days > 3_650) throw new InvalidArgumentError('It must be 1 to 3650 days.')
  return days
}

/** Who may do what on the admin port. */
export function tokenCommand(): Command {
  const token = new Command('token').description('who may do what on the admin port')
  const add = subcommandsOf(token)
  add('make <name>', 'makes one, and prints its secret once', 'crossfade token make prometheus --role viewer --days 90')
    .addOption(new Option('--role <role>', 'what it may do').choices(roles).default('viewer'))
    .option('--days <n>', 'how long it is good for, 3650 at most', daysOf, 90)
    .action((name: string, options: Options & { readonly role: Role; readonly days: number }) =>
      withSession(options.config, async ({ stores }) => {
        const { role, days, json } = options
        const secret = await makeToken(ledgersOf(stores), { name, role, days, by: whoRuns() })
        if (json) return printJson({ name, role, days, secret })
        process.stdout.write(`${secret}\n`)
        say(`It is not shown again. ${name} is a ${role} for ${days} days.`)
      }),
    )
  add('list', 'all that were made, without their secrets', 'crossfade token list').action((options: Options) =>
    withSession(options.config, async ({ stores }) => {
      const tokens = await listTokens(ledgersOf(stores))
      if (options.json) return printJson(tokens.map(({ hash: _, ...shown }) => shown))
      printTable(
        ['name', 'role', 'made by', 'made', 'is good'],
        tokens.map((each) => [each.name, each.role, each.madeBy, each.madeAt.toISOString(), standing(each)]),
      )
    }),
  )
  add('revoke <name>', 'ends one: gateways know within a second', 'crossfade token revoke prometheus').action(
    (name: string, options: Options) =>
      withSession(options.config, async ({ stores }) => {
        const failed = await revokeToken(ledgersOf(stores), name)
        if (options.json) printJson({ name, failed })
        if (failed.length > 0) {
          const where = failed.map(({ origin, why }) => `${origin}: ${why}`).join('; ')
          throw new CrossfadeError('UNAVAILABLE', `${name} is not revoked everywhere (${where}). Run it again.`)
        }
        if (!options.json) say(`${name} is revoked.`)
      }),
  )
  return token
}
