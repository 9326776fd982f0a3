import { authorityOf, readFlag } from '../control/flag-store.ts'
import type { Entity } from '../entity/entity.ts'
import { flagKeyOf } from '../entity/flag-key.ts'
import { sweep } from '../mirror/sweep.ts'
import type { Stores } from '../routing/routing.ts'
import type { Origin } from '../util/origin.ts'

/**
 * One round of the sweep for a type, with all that `from` owes, however young.
 *
 * @param impatient tries all dead letters, too; else those whose time has come.
 * @returns how many records are still owed.
 */
export async function sweepNow(
  stores: Stores,
  entity: Entity,
  from: Origin,
  say: (line: string) => void,
  impatient = true,
): Promise<number> {
  const copy = await readFlag(stores[from].ledger, flagKeyOf(entity))
  // What it owes was taken over, or is nobody's: the other store has gone on
  if (copy && authorityOf(copy.flag) !== from) return (await stores[from].control.outbox.backlog(entity)).count
  const epoch = copy?.flag.epoch
  const log = (level: string, message: string): void => say(`${level}: ${message}`)
  const owner = `command ${process.pid}`
  return sweep({ stores, owner, under: epoch ?? 0, epoch, olderThanMs: 0, impatient, arrivingMs: 0, log }, entity, from)
}
