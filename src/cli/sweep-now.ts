import type { MoveOptions } from '../control/move.ts'
import { sweep } from '../mirror/sweep.ts'
import { say } from './output.ts'
import type { Session } from './session.ts'

/** What a change of stage works with when a command makes it. */
export function moveOptions({ config, stores }: Pick<Session, 'config' | 'stores'>): MoveOptions {
  const log = (level: string, message: string): void => say(`${level}: ${message}`)
  return {
    ledgers: { mongo: stores.mongo.ledger, postgres: stores.postgres.ledger },
    log: say,
    sweep: async (type, origin) => {
      const entity = config.entities.find(({ name }) => name === type)!
      return sweep(
        { stores, owner: `command ${process.pid}`, olderThanMs: 0, impatient: true, arrivingMs: 0, log },
        entity,
        origin,
      )
    },
  }
}
