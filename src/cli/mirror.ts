import { Command } from 'commander'
import type { Flag } from '../control/flag.ts'
import type { Entity } from '../entity/entity.ts'
import { deadLetterKind } from '../mirror/dead-letters.ts'
import { conflictLog } from '../mirror/sweep.ts'
import type { Stores } from '../routing/routing.ts'
import { STAGE_PLAN } from '../stage/stage.ts'
import { messageOf } from '../util/errors.ts'
import { knownFlags } from './known-flags.ts'
import { printJson, printTable } from './output.ts'
import { told } from './told.ts'
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

async function owedOf(stores: Stores, entity: Entity, flag: Flag | undefined): Promise<Owed> {
  const type = entity.name
  const authority = STAGE_PLAN[flag?.stage ?? 'off'].authority
  try {
    const { debts, ledger } = stores[authority]
    const { count, oldest } = await debts.backlog(entity)
    const deadLetters = (await ledger.list(deadLetterKind)).filter(({ key }) => key.startsWith(`${type}/`)).length
    const conflicts = (await ledger.tail(conflictLog, 10_000)).filter(({ key }) => key.startsWith(`${type}/`)).length
    return { type, authority, owed: count, oldest, deadLetters, conflicts, problem: null }
  } catch (error) {
    const problem = told(error) ?? messageOf(error)
    return { type, authority, owed: null, oldest: null, deadLetters: null, conflicts: null, problem }
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
    .action(({ config: file, json }: { config?: string; json?: boolean }) =>
      withSession(file, async ({ config, stores }) => {
        const { entities } = config
        const flags = await knownFlags(
          stores,
          entities.map(({ name }) => name),
        )
        const rows = await Promise.all(entities.map((entity) => owedOf(stores, entity, flags.get(entity.name))))
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
