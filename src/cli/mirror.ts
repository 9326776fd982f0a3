import { Command } from 'commander'
import type { Flag } from '../control/flag.ts'
import type { Entity } from '../entity/entity.ts'
import { typeOf } from '../entity/type-of.ts'
import { told } from '../gateway/told.ts'
import { keptFor, owedOf } from '../mirror/owed-of.ts'
import type { Stores } from '../routing/routing.ts'
import { STAGE_PLAN } from '../stage/stage.ts'
import { messageOf } from '../util/errors.ts'
import { deadLettersCommand, retry } from './dead-letters.ts'
import { knownFlags } from './known-flags.ts'
import { printJson, printTable } from './output.ts'
import { subcommandsOf } from './subcommands.ts'
import { withSession } from './with-session.ts'

interface Row {
  readonly type: string
  readonly authority: string
  readonly owed: number | null
  readonly oldest: Date | null
  readonly deadLetters: number | null
  readonly conflicts: number | null
  readonly problem: string | null
}

async function rowOf(
  stores: Stores,
  kept: ReturnType<typeof keptFor>,
  entity: Entity,
  flag: Flag | undefined,
): Promise<Row> {
  const own = { type: entity.name, authority: STAGE_PLAN[flag?.stage ?? 'off'].authority }
  try {
    return { ...own, ...(await owedOf(stores, kept, entity, flag)), problem: null }
  } catch (error) {
    const problem = told(error) ?? messageOf(error)
    return { ...own, owed: null, oldest: null, deadLetters: null, conflicts: null, problem }
  }
}

/** What writes are owed, and what was replaced. */
export function mirrorCommand(): Command {
  const mirror = new Command('mirror').description(
    'what writes are owed to the other store, and which copies were replaced',
  )
  const add = subcommandsOf(mirror)
  add('status', 'how much is owed for each type, how old it is, and why', 'crossfade mirror status').action(
    ({ config: file, json }: { config?: string; json?: boolean }) =>
      withSession(file, async ({ config, stores }) => {
        const { entities } = config
        const flags = await knownFlags(stores)
        const kept = keptFor(stores)
        const rows = await Promise.all(entities.map((entity) => rowOf(stores, kept, entity, flags.get(entity.name))))
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
  add(
    'retry <type>',
    'put all that is owed now, dead letters too; exit 2 while something is owed',
    'crossfade mirror retry Movie',
  ).action((type: string, { config: file, json }: { config?: string; json?: boolean }) =>
    withSession(file, ({ config: { entities }, stores }) =>
      retry(stores, typeOf(entities, type), undefined, json === true),
    ),
  )
  mirror.addCommand(deadLettersCommand())
  return mirror
}
