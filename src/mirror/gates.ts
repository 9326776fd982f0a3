import { z } from 'zod'
import type { Entity } from '../entity/entity.ts'
import { parseAs } from '../stores/ledger.ts'
import type { Store } from '../stores/store.ts'
import type { Origin } from '../util/origin.ts'
import { captured } from './captured.ts'
import { DeadLetters } from './dead-letters.ts'
import { settleDropped } from './dropped.ts'

const counted = (count: number): string => (count === 1 ? 'a record is' : `${count} records are`)

const verified = z.object({ began: z.string(), different: z.record(z.string(), z.number()), undecided: z.number() })

/** Whether changes of other programs were lost since both stores were found equal. */
async function hasLost({ ledger }: Store, entity: Entity): Promise<boolean> {
  const { lostAt } = await captured(ledger, entity)
  if (lostAt === null) return false
  const last = parseAs(verified, (await ledger.get('verified', entity.name))?.value)
  return !last || last.began < lostAt || Object.values(last.different).some((count) => count > 0) || last.undecided > 0
}

/** What stands against a store giving its authority over a type away, as far as the mirror knows: a line each. */
export async function unmetGates(
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
  if (from === 'mongo' && (await hasLost(stores.mongo, entity)))
    lines.push(`changes of other programs in MongoDB were lost: run \`crossfade verify ${entity.name}\``)
  return lines
}
