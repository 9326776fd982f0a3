import { setTimeout as sleep } from 'node:timers/promises'
import { times } from '../control/times.ts'
import type { Entity, Id } from '../entity/entity.ts'
import type { Ledger } from '../stores/ledger.ts'
import { CrossfadeError } from '../util/errors.ts'
import { DeadLetters } from './dead-letters.ts'

/** Between two rounds, where a gateway's sweep is at the type, in milliseconds. */
const pauseMs = 200

export interface Retried {
  /** Ids whose letters are gone. */
  readonly mirrored: readonly Id[]
  /** Ids that were refused again. */
  readonly refused: readonly Id[]
}

/**
 * Tries dead letters now, whenever their time would be. A gateway's sweep may do it, or hold the type for a moment.
 *
 * @param sweep one round of the type.
 * @param ids default: all.
 * @throws TRY_AGAIN where nobody came to try them.
 */
export async function retryLetters(
  ledger: Ledger,
  entity: Entity,
  sweep: () => Promise<unknown>,
  ids?: readonly Id[],
): Promise<Retried> {
  await (await DeadLetters.of(ledger, entity)).hasten(ids)
  const before = await DeadLetters.of(ledger, entity)
  const wanted = ids ?? before.ids
  const mirrored = new Set<Id>()
  const refused = new Set<Id>()
  // A sweep that was killed keeps its claim for so long
  const patienceMs = times.claim + pauseMs
  for (let until = performance.now() + patienceMs; ; await sleep(pauseMs)) {
    const tried = mirrored.size + refused.size
    await sweep()
    const now = await DeadLetters.of(ledger, entity)
    for (const id of wanted) {
      const revision = now.revisionOf(id)
      if (revision === null) mirrored.add(id)
      else if (revision !== before.revisionOf(id)) refused.add(id)
    }
    if (wanted.every((id) => mirrored.has(id) || refused.has(id))) break
    // One round tries a thousand at most
    if (mirrored.size + refused.size > tried) until = performance.now() + patienceMs
    else if (performance.now() > until)
      throw new CrossfadeError('TRY_AGAIN', `A sweep of ${entity.name} has been under way for long; try again.`)
  }
  return { mirrored: [...mirrored], refused: [...refused] }
}
