import type { Entity } from '../../entity/entity.ts'
import type { ImpliedTable } from '../../entity/implied-tables.ts'
import { unannounced } from './announce.ts'
import { quote } from './ddl.ts'

/** A trigger of a type's table, for whoever changes it and is no gateway. */
export interface Trigger {
  readonly name: string
  /** What stands before the table, as PostgreSQL writes it, but for capitals. */
  readonly when: string
  /** And behind it. */
  readonly body: string
}

const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`

/** A condition, and no test in the function: of what a gateway writes none is called. */
function trigger(run: string, when: string, each: 'row' | 'statement', args: readonly string[]): Trigger {
  const call = `execute function crossfade.${run}(${args.map(literal).join(', ')})`
  return { name: `crossfade_${run}`, when, body: `for each ${each} when (${unannounced}) ${call}` }
}

/** The column of the parent that counts the rows of a list's table. */
function countColumn({ leaves, lists }: Entity, table: ImpliedTable): string {
  const all = [...leaves.values(), ...lists.values()]
  return all.find(({ childTable }) => childTable === table.name)!.column
}

/** The triggers of one table; what they do is in the migrations of ours. */
export function triggersOf(entity: Entity, table: ImpliedTable): readonly Trigger[] {
  const { name: type } = entity
  const truncate = trigger('refuse_truncate', 'before truncate', 'statement', [type])
  const changes = 'insert or delete or update'
  if (table.parent === null)
    return [
      trigger('stamp', `before ${changes}`, 'row', [type]),
      trigger('note', `after ${changes}`, 'row', [type]),
      truncate,
    ]
  const place = [type, table.parent]
  return [
    trigger('lock_parent', `before ${changes}`, 'row', place),
    trigger('touch_parent', `after ${changes}`, 'row', [...place, countColumn(entity, table)]),
    truncate,
  ]
}

/** Makes a trigger, or replaces the one of its name. */
export const createTrigger = (table: ImpliedTable, { name, when, body }: Trigger): string =>
  `create or replace trigger ${name} ${when} on ${quote(table.name)}\n  ${body}`
