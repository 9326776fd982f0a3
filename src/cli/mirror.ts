import { Command } from 'commander'
import { newer, readFlag } from '../control/flag-store.ts'
import { deadLetterKind } from '../mirror/dead-letters.ts'
import { conflictLog } from '../mirror/sweep.ts'
import { STAGE_PLAN } from '../stage/stage.ts'
import { messageOf } from '../util/errors.ts'
import { printJson, printTable } from './output.ts'
import type { Session } from './session.ts'
import { withSession } from './with-session.ts'

interface Owed {
  readonly type: string
  readonly authority: string
  readonly owed: number | null
  readonly oldest: Date | null
  readonly deadLetters: number | null
  readonly conflicts: number | null
  readonly problem: string | null
}

async function owedOf({ config, stores }: Session, type: string): Promise<Owed> {
  const entity = config.entities.find(({ name }) => name === type)!
  const copies = await Promise.allSettled([readFlag(stores.mongo.ledger, type), readFlag(stores.postgres.ledger, type)])
  const [a, b] = copies.map((copy) => (copy.status === 'fulfilled' ? (copy.value?.flag ?? null) : null))
  const flag = newer(a ?? null, b ?? null)
  const authority = STAGE_PLAN[flag?.stage ?? 'off'].authority
  try {
    const { debts, ledger } = stores[authority]
    const { count, oldest } = await debts.backlog(entity)
    const deadLetters = (await ledger.list(deadLetterKind)).filter(({ key }) => key.startsWith(`${type}/`)).length
    const conflicts = (await ledger.tail(conflictLog, 10_000)).filter(({ key }) => key.startsWith(`${type}/`)).length
    return { type, authority, owed: count, oldest, deadLetters, conflicts, problem: null }
  } catch (error) {
    return { type, authority, owed: null, oldest: null, deadLetters: null, conflicts: null, problem: messageOf(error) }
  }
}

/** What writes are owed. */
export function mirrorCommand(): Command {
  const mirror = new Command('mirror').description('what writes are owed to the other store')
  mirror
    .command('status')
    .description('how much is owed for each type, how old it is, and why')
    .addHelpText('before', 'Example:\n  crossfade mirror status\n')
    .option('--config <file>', 'default crossfade.config.ts')
    .option('--json', 'print as JSON')
    .action(({ config, json }: { config?: string; json?: boolean }) =>
      withSession(config, async (session) => {
        const rows = await Promise.all(session.config.entities.map(({ name }) => owedOf(session, name)))
        if (json) return printJson(rows)
        printTable(
          ['type', 'authority', 'owed', 'oldest', 'dead letters', 'conflicts', 'problem'],
          rows.map((row) => [
            row.type,
            row.authority,
            row.owed ?? '?',
            row.oldest?.toISOString() ?? '–',
            row.deadLetters ?? '?',
            row.conflicts ?? '?',
            row.problem ?? '',
          ]),
        )
      }),
    )
  return mirror
}
