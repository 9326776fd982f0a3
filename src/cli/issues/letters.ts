import type { Entity } from '../../entity/entity.ts'
import { type DeadLetter, deadLetterKind, parseDeadLetter } from '../../mirror/dead-letters.ts'
import { idIn } from '../../mirror/record-key.ts'
import type { Stores } from '../../routing/routing.ts'
import type { Entry } from '../../stores/ledger.ts'
import { origins } from '../../util/origin.ts'

/** A record that the other store refuses. */
export interface Letter extends DeadLetter {
  readonly id: string
}

/** One that another version of the gateway wrote: the record is kept out all the same, until a sweep has tried it. */
const unknownForm: DeadLetter = {
  reason: 'kept in a form that this version does not know; the next sweep tries it',
  by: [],
  version: 'unknown',
  tries: 0,
  next: 0,
}

/** Of all types, in both stores. */
export async function deadLetters(stores: Stores): Promise<Entry[]> {
  return (await Promise.all(origins.map((origin) => stores[origin].ledger.list(deadLetterKind)))).flat()
}

export function lettersOf(entity: Entity, kept: readonly Entry[]): Letter[] {
  return kept.flatMap((entry) => {
    const id = idIn(entity, entry.key)
    if (id === null) return []
    const letter = parseDeadLetter(entry) ?? unknownForm
    return [{ ...letter, id }]
  })
}
