import type { Entity } from '../../entity/entity.ts'
import type { ImpliedTable } from '../../entity/implied-tables.ts'
import { unannounced } from './announce.ts'
import { quote, textLiteral } from './ddl.ts'

/** A trigger of a type's table, for whoever changes it and is no gateway. */
export interface Trigger {
  readonly name: string
  /** What stands before the table, as PostgreSQL writes it, but for capitals. */
  readonly when: string
  /** And behind it. */
  readonly body: string
}

/** A condition, and no test in the function: of what a gateway writes none is called. */
function trigger(run: string, when: string, each: 'row' | 'statement', args: readonly string[]): Trigger {
  const call = `execute function crossfade.${run}(${args.map(textLiteral).join(', ')})`
  return { name: `crossfade_${run}`, when, body: `for each ${each} when (${unannounced}) ${call}` }
}

/** The column of the parent that counts the rows of a list's table. */
function countColumn({ leaves, lists }: Entity, table: ImpliedTable): string {
  const all = [...leaves.values(), ...lists.values()]
  return all.find(({ childTable }) => childTable === table.name)!.column
}

/** The columns that tell the rows of a type from others of its table, each with its value as text. */
const telling = ({ fixed, leaves }: Entity): string[] =>
  [...fixed].flatMap(([path, value]) => [leaves.get(path)!.column, String(value)])

/** A table of several types has those of each, which leave the rows of the others alone. */
const ofType = (entity: Entity, each: Trigger): Trigger =>
  entity.fixed.size > 0 ? { ...each, name: `${each.name}_${entity.name}` } : each

/** The triggers of one table; what they do is in the migrations of ours. */
export function triggersOf(entity: Entity, table: ImpliedTable): readonly Trigger[] {
  const { name: type } = entity
  const truncate = trigger('refuse_truncate', 'before truncate', 'statement', [type])
  const changes = 'insert or delete or update'
  if (table.parent === null)
    return [
      trigger('stamp', `before ${changes}`, 'row', [type, ...telling(entity)]),
      trigger('note', `after ${changes}`, 'row', [type, ...telling(entity)]),
      truncate,
    ].map((each) => ofType(entity, each))
  const place = [type, table.parent]
  return [
    trigger('lock_parent', `before ${changes}`, 'row', place),
    trigger('touch_parent', `after ${changes}`, 'row', [...place, countColumn(entity, table)]),
    truncate,
  ]
}

/** As a statement names it. */
export const triggerName = ({ name }: Pick<Trigger, 'name'>): string => (/^[a-z_]+$/.test(name) ? name : quote(name))

/** Whether a trigger, as PostgreSQL writes it, is one of ours for the type. */
export const isForType = ({ name: type }: Entity, definition: string): boolean =>
  /execute function crossfade\.\w+\(('(?:[^']|'')*')/i.exec(definition)?.[1] === textLiteral(type)

/** Makes a trigger, or replaces the one of its name. */
export const createTrigger = (table: ImpliedTable, trigger: Trigger): string =>
  `create or replace trigger ${triggerName(trigger)} ${trigger.when} on ${quote(table.name)}\n  ${trigger.body}`
