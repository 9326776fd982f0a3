import type { Entity } from '../entity/entity.ts'
import { Capture } from '../mirror/capture.ts'
import { captured, caughtUp } from '../mirror/captured.ts'
import { standingOf } from '../mirror/standing.ts'
import type { Stores } from '../routing/routing.ts'
import { knownFlags } from './known-flags.ts'

/** One that follows and has died is followed by another in about half of this, in milliseconds. */
const patienceMs = 20_000

/**
 * Waits until what other programs have changed in MongoDB so far is marked as owed: by whoever follows, or by this command
 * where nobody does. At once where their changes were never to be followed.
 */
export async function captureNow({
  entities,
  stores,
  log,
}: {
  readonly entities: readonly Entity[]
  readonly stores: Stores
  readonly log: (line: string) => void
}): Promise<void> {
  const { ledger } = stores.mongo
  if ((await captured(ledger)).place === null) return
  const flags = await knownFlags(stores)
  const capture = new Capture({
    stores,
    entities,
    owner: `command ${process.pid}`,
    standing(type) {
      const flag = flags.get(type)
      return flag ? standingOf(flag) : null
    },
    log: (_, message) => log(message),
  })
  capture.start()
  try {
    await caughtUp(ledger, patienceMs)
  } finally {
    await capture.stop()
  }
}
