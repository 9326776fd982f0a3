import { authorityOf, ledgersOf, readFlag } from '../control/flag-store.ts'
import type { MoveOptions } from '../control/move.ts'
import type { Entity } from '../entity/entity.ts'
import { unmetGates } from '../mirror/gates.ts'
import { sweep } from '../mirror/sweep.ts'
import { failureOfAny, isTrouble } from '../stores/failure.ts'
import type { Store } from '../stores/store.ts'
import type { Origin } from '../util/origin.ts'

interface Moving {
  readonly entities: readonly Entity[]
  readonly stores: Readonly<Record<Origin, Store>>
  readonly log: (line: string) => void
}

/** What a change of stage works with when a command makes it. */
export function moveOptions({ entities, stores, log: say }: Moving): MoveOptions {
  const log = (level: string, message: string): void => say(`${level}: ${message}`)
  const sweepNow = async (type: string, origin: Origin): Promise<number> => {
    const entity = entities.find(({ name }) => name === type)!
    const owner = `command ${process.pid}`
    const copy = await readFlag(stores[origin].ledger, type)
    const epoch = copy && authorityOf(copy.flag) === origin ? copy.flag.epoch : undefined
    return sweep({ stores, owner, epoch, olderThanMs: 0, impatient: true, arrivingMs: 0, log }, entity, origin)
  }
  return {
    ledgers: ledgersOf(stores),
    log: say,
    isTrouble: (error) => isTrouble(failureOfAny(stores, error)),
    sweep: sweepNow,
    async unmet(type, origin) {
      await sweepNow(type, origin) // what was refused may be taken by now
      return unmetGates(stores[origin], type)
    },
  }
}
