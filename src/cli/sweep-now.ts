import { authorityOf, ledgersOf, readFlag } from '../control/flag-store.ts'
import { otherMappings } from '../control/instances.ts'
import type { MoveOptions } from '../control/move.ts'
import type { Entity } from '../entity/entity.ts'
import { mappingDigest } from '../entity/mapping-digest.ts'
import { unseenWriters } from '../jobs/unseen-writers.ts'
import { unmetGates } from '../mirror/gates.ts'
import { sweep } from '../mirror/sweep.ts'
import type { Stores } from '../routing/routing.ts'
import { tellsOfTrouble } from '../stores/failure.ts'
import type { Origin } from '../util/origin.ts'
import { captureNow } from './capture-now.ts'

interface Moving {
  readonly entities: readonly Entity[]
  readonly stores: Stores
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
    caughtUp: async (flag) => {
      if (authorityOf(flag) === 'mongo') await captureNow({ entity: entityOf(flag.type), flag, stores, log })
    },
    async unmet(type, origin) {
      const entity = entityOf(type)
      const copy = await readFlag(stores[origin].ledger, type)
      if (copy && origin === 'mongo') await captureNow({ entity, flag: copy.flag, stores, log })
      await sweepNow(stores, entity, origin, log) // what was refused may be taken by now
      const others = await otherMappings(stores[origin].ledger, type, mappingDigest(entity))
      const unmet = await unmetGates(stores, entity, origin)
      if (others.length === 0) return unmet
      const text = `gateways have another mapping of ${type} than this command: ${others.join(', ')}`
      return [`${text}; let the deploy of the app end first`, ...unmet]
    },
    unseen: (type, origin) => unseenWriters(stores, entityOf(type), origin),
  }
}
