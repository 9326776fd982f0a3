import { doubt } from '../control/doubts.ts'
import type { Flag } from '../control/flag.ts'
import { ledgersOf } from '../control/flag-store.ts'
import type { Entity } from '../entity/entity.ts'
import { Capture } from '../mirror/capture.ts'
import { captured, caughtUp } from '../mirror/captured.ts'
import { standingOf } from '../mirror/standing.ts'
import type { Stores } from '../routing/routing.ts'
import { CrossfadeError } from '../util/errors.ts'

/** One that follows and has died is followed by another in about half of this, in milliseconds. */
const patienceMs = 20_000

/**
 * Waits until what other programs have changed of a type in MongoDB so far is marked as owed: by whoever follows, or by
 * this command where nobody does. At once where their changes were never to be followed.
 */
export async function captureNow({
  entity,
  flag,
  stores,
  log,
}: {
  readonly entity: Entity
  /** In force. */
  readonly flag: Flag
  readonly stores: Stores
  readonly log: (line: string) => void
}): Promise<void> {
  const { ledger } = stores.mongo
  if ((await captured(ledger, entity)).place === null) return
  const { promise: lost, reject: lose } = Promise.withResolvers<never>()
  lost.catch(() => undefined) // told by the race, or too late for anybody
  const capture = new Capture({
    stores,
    entities: [entity],
    owner: `command ${process.pid}`,
    standing: () => standingOf(flag),
    async onLost(type, why) {
      const error = new CrossfadeError('BAD_USER_INPUT', `${type}: ${why}: run \`crossfade backfill ${type}\` first.`)
      if (flag.state === 'steady') await doubt(ledgersOf(stores), flag.type, why)
      lose(error)
      if (flag.state !== 'steady') throw error
    },
    log: (_, message) => log(message),
  })
  capture.start()
  try {
    await Promise.race([caughtUp(ledger, entity, patienceMs), lost])
  } finally {
    await capture.stop()
  }
}
