import type { Entity } from '../entity/entity.ts'
import type { Store } from '../stores/store.ts'
import type { Origin } from '../util/origin.ts'
import { type DeadLetter, deadLetterKind, parseDeadLetter } from './dead-letters.ts'
import { droppedAmong, droppedKind } from './dropped.ts'
import { idIn } from './record-key.ts'

/** A record that the other store refuses, or that it is owed no more though it lacks it. */
export interface ListedLetter {
  readonly type: string
  readonly id: string
  readonly owedBy: Origin
  /** Null where somebody has dropped the letter, or it is in a form that this version does not know. */
  readonly letter: DeadLetter | null
  readonly reason: string
  readonly version: string
  /** Why it was dropped; null where it was not. */
  readonly why: string | null
}

const unknownForm = {
  reason: 'kept in a form that this version does not know; the next try writes it anew',
  version: 'unknown',
}

const told = (letter: DeadLetter | null): Pick<DeadLetter, 'reason' | 'version'> => letter ?? unknownForm

/** Those of some types that one store owes, and those that were dropped there. */
export async function listedLetters(
  { ledger, origin }: Store,
  entities: readonly Entity[],
): Promise<readonly ListedLetter[]> {
  const [entries, dropped] = await Promise.all([ledger.list(deadLetterKind), ledger.list(droppedKind)])
  return entities.flatMap((entity): ListedLetter[] => {
    const own = { type: entity.name, owedBy: origin }
    const letters = entries.flatMap((entry): ListedLetter[] => {
      const id = idIn(entity, entry.key)
      const letter = parseDeadLetter(entry)
      const { reason, version } = told(letter)
      return id === null ? [] : [{ ...own, id, letter, reason, version, why: null }]
    })
    return [...letters, ...droppedAmong(dropped, entity).map((each) => ({ ...own, ...each, letter: null }))]
  })
}
