import type { Flag } from '../control/flag.ts'
import type { Entity } from '../entity/entity.ts'
import { STAGE_PLAN } from '../stage/stage.ts'
import type { Entry } from '../stores/ledger.ts'
import type { Store } from '../stores/store.ts'
import { CrossfadeError } from '../util/errors.ts'
import { type Origin, otherOrigin } from '../util/origin.ts'
import { deadLetterKind } from './dead-letters.ts'
import { openCounts } from './kept-conflicts.ts'
import { idIn } from './record-key.ts'

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

/** What both stores keep for people, of all types; looked at once for as many types as there are. */
export function keptFor(stores: Readonly<Record<Origin, Store>>) {
  const inStore = (store: Store) => {
    const kept = { letters: store.ledger.list(deadLetterKind), conflicts: openCounts(store) }
    for (const each of Object.values(kept)) each.catch(() => undefined) // told where it is asked for
    return kept
  }
  return { mongo: inStore(stores.mongo), postgres: inStore(stores.postgres) }
}

/** @param flag undefined where none is known: MongoDB has authority then. @throws where the store with authority does. */
export async function owedOf(
  stores: Readonly<Record<Origin, Store>>,
  kept: ReturnType<typeof keptFor>,
  entity: Entity,
  flag: Flag | undefined,
): Promise<Owed> {
  const { authority } = STAGE_PLAN[flag?.stage ?? 'off']
  const [{ count, oldest }, letters, own, others] = await Promise.all([
    stores[authority].outbox.backlog(entity),
    kept[authority].letters,
    kept[authority].conflicts,
    // The other store keeps those of the time in which it had authority, and may be down
    kept[otherOrigin(authority)].conflicts.catch(() => null),
  ])
  const conflicts = openConflicts(entity, own, others)
  return { owed: count, oldest, deadLetters: deadLettersAmong(letters, entity), conflicts }
}

/** How many of a ledger's dead letters are of a type. */
export const deadLettersAmong = (letters: readonly Entry[], entity: Entity): number =>
  letters.filter(({ key }) => idIn(entity, key) !== null).length

/** How many of a type nobody has closed, as far as stores could count theirs. */
export const openConflicts = ({ name }: Entity, ...counts: readonly (ReadonlyMap<string, number> | null)[]): number =>
  counts.reduce((sum, count) => sum + (count?.get(name) ?? 0), 0)

/** The store that owes the type's records. @throws BAD_USER_INPUT where none does. */
export function owingOrigin({ name }: Entity, { stage }: Flag): Origin {
  const { authority, mirror } = STAGE_PLAN[stage]
  if (mirror === null) throw new CrossfadeError('BAD_USER_INPUT', `${name} is ${stage}: no store is owed anything.`)
  return authority
}
