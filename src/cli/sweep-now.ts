import { ledgersOf } from '../control/flag-store.ts'
import type { MoveOptions } from '../control/move.ts'
import { unmetGates } from '../mirror/gates.ts'
import { sweep } from '../mirror/sweep.ts'
import type { Origin } from '../util/origin.ts'
import { say } from './output.ts'
import type { Session } from './session.ts'

/** What a change of stage works with when a command makes it. */
export function moveOptions({ config, stores }: Pick<Session, 'config' | 'stores'>): MoveOptions {
  const log = (level: string, message: string): void => say(`${level}: ${message}`)
  const sweepNow = (type: string, origin: Origin): Promise<number> => {
    const entity = config.entities.find(({ name }) => name === type)!
    const owner = `command ${process.pid}`
    return sweep({ stores, owner, olderThanMs: 0, impatient: true, arrivingMs: 0, log }, entity, origin)
  }
  return {
    ledgers: ledgersOf(stores),
    log: say,
    sweep: sweepNow,
    async unmet(type, origin) {
      await sweepNow(type, origin) // what was refused may be taken by now
      return unmetGates(stores[origin], type)
    },
  }
}
