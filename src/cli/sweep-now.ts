import { authorityOf, ledgersOf, readFlag } from '../control/flag-store.ts'
import type { MoveOptions } from '../control/move.ts'
import { times } from '../control/times.ts'
import type { Entity } from '../entity/entity.ts'
import { caughtUp } from '../mirror/captured.ts'
import { unmetGates } from '../mirror/gates.ts'
import { sweep } from '../mirror/sweep.ts'
import { tellsOfTrouble } from '../stores/failure.ts'
import type { Store } from '../stores/store.ts'
import type { Origin } from '../util/origin.ts'

interface Moving {
  readonly entities: readonly Entity[]
  readonly stores: Readonly<Record<Origin, Store>>
  readonly log: (line: string) => void
}

/**
 * One round of the sweep for a type, with all that `from` owes, however young.
 *
 * @param impatient tries all dead letters, too; else those whose time has come.
 * @returns how many records are still owed.
 */
export async function sweepNow(
  stores: Moving['stores'],
  entity: Entity,
  from: Origin,
  say: Moving['log'],
  impatient = true,
): Promise<number> {
  const copy = await readFlag(stores[from].ledger, entity.name)
  // What it owes was taken over, or is nobody's: the other store has gone on
  if (copy && authorityOf(copy.flag) !== from) return (await stores[from].control.outbox.backlog(entity)).count
  const epoch = copy?.flag.epoch
  const log = (level: string, message: string): void => say(`${level}: ${message}`)
  const owner = `command ${process.pid}`
  return sweep({ stores, owner, under: epoch ?? 0, epoch, olderThanMs: 0, impatient, arrivingMs: 0, log }, entity, from)
}

/** What a change of stage works with when a command makes it. */
export function moveOptions({ entities, stores, log }: Moving): MoveOptions {
  const entityOf = (type: string): Entity => entities.find(({ name }) => name === type)!
  return {
    ledgers: ledgersOf(stores),
    log,
    isTrouble: (error) => tellsOfTrouble(stores, error),
    sweep: (type, origin) => sweepNow(stores, entityOf(type), origin, log),
    caughtUp: async (origin) => {
      if (origin === 'mongo') await caughtUp(stores.mongo.ledger, times.write)
    },
    async unmet(type, origin) {
      await sweepNow(stores, entityOf(type), origin, log) // what was refused may be taken by now
      return unmetGates(stores, entityOf(type), origin)
    },
  }
}
