import type { Entity } from '../entity/entity.ts'
import type { Store } from '../stores/store.ts'
import type { Origin } from '../util/origin.ts'
import { DeadLetters } from './dead-letters.ts'
import { settleDropped } from './dropped.ts'

const counted = (count: number): string => (count === 1 ? 'a record is' : `${count} records are`)

/** What stands against a store giving its authority over a type away, as far as the mirror knows: a line each. */
export async function unmirrored(
  stores: Readonly<Record<Origin, Store>>,
  entity: Entity,
  from: Origin,
): Promise<string[]> {
  const lines: string[] = []
  const { ids } = await DeadLetters.of(stores[from].ledger, entity)
  if (ids.length > 0)
    lines.push(
      `${counted(ids.length)} refused by the other store: see \`crossfade mirror dead-letters list ${entity.name}\``,
    )
  const { length } = await settleDropped(stores, entity, from)
  if (length > 0)
    lines.push(
      `${counted(length)} not as the other store has it, since its dead letter was dropped: see \`crossfade mirror dead-letters list ${entity.name}\``,
    )
  return lines
}
