import type { Flag } from '../control/flag.ts'
import type { Entity } from '../entity/entity.ts'
import { STAGE_PLAN } from '../stage/stage.ts'
import type { Store } from '../stores/store.ts'
import { type Origin, otherOrigin } from '../util/origin.ts'
import { DeadLetters } from './dead-letters.ts'
import { keptIn } from './kept-conflicts.ts'

/** What the store with authority owes the other one of a type. */
export interface Owed {
  readonly owed: number
  /** Since when the oldest is; null where none is. */
  readonly oldest: Date | null
  /** Those that the other store refuses. */
  readonly deadLetters: number
  /** Copies that were replaced, and that nobody has closed. */
  readonly conflicts: number
}

/** @param flag undefined where none is known: MongoDB has authority then. @throws where the store with authority does. */
export async function owedOf(
  stores: Readonly<Record<Origin, Store>>,
  entity: Entity,
  flag: Flag | undefined,
): Promise<Owed> {
  const { authority } = STAGE_PLAN[flag?.stage ?? 'off']
  const { outbox, ledger } = stores[authority]
  const [{ count, oldest }, dead, kept, ofOther] = await Promise.all([
    outbox.backlog(entity),
    DeadLetters.of(ledger, entity),
    keptIn(stores[authority], entity),
    // The other store keeps those of the time in which it had authority, and may be down
    keptIn(stores[otherOrigin(authority)], entity).catch(() => []),
  ])
  const conflicts = [...kept, ...ofOther].filter(({ closed }) => !closed).length
  return { owed: count, oldest, deadLetters: dead.ids.length, conflicts }
}
