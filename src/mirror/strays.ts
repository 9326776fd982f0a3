import { sameRecord } from '../compare/differences.ts'
import type { Entity } from '../entity/entity.ts'
import type { Image, PutOutcome } from '../stores/store.ts'
import { compareVersions, formatVersion } from '../stores/version.ts'
import { type Origin, otherOrigin } from '../util/origin.ts'
import { clearedOf } from './cleared-of.ts'
import { type ConflictOptions, keepConflict, keepCopy } from './conflicts.ts'
import { keyOf } from './record-key.ts'

const batch = 25

/**
 * What the store without authority is owed for: a write that reached it late, from a driver's retry, or from a gateway
 * that was stopped between its check and its send. Whoever sent it was told that nobody knows what became of it.
 *
 * @returns whether its mark can go: the authority has it now, or has gone on without it, and the copy is in conflicts.
 */
async function settle(
  options: ConflictOptions,
  entity: Entity,
  from: Origin,
  stray: Image,
  outcome: PutOutcome,
): Promise<boolean> {
  const { stores, log } = options
  const authority = stores[from]
  if (outcome.put === 'applied') {
    log('warn', `${keyOf(entity, stray.id)}: a write of ${formatVersion(stray.version)} came late, and was taken over.`)
    return true
  }
  const [present] = await authority.outbox.images(entity, [stray.id])
  if (!present || outcome.put === 'overtaken') return false // the next round looks again
  const order = compareVersions(stray.version, present.version)
  if (order === 0 && sameRecord(entity, stray.record, present.record)) return true
  if (order >= 0) return keepConflict(options, entity, from, present, stray)
  await keepCopy(authority.ledger, entity, otherOrigin(from), stray, formatVersion(present.version))
  await authority.authority.owe(entity, [stray.id])
  return true
}

/**
 * Settles marks in the store without authority.
 *
 * @param epoch of the flag, confirmed by the store that has authority. What is of a later one is no stray: authority has
 * moved on, and whoever asks does not know it yet.
 * @returns how many are left.
 */
export async function settleStrays(
  options: ConflictOptions,
  entity: Entity,
  from: Origin,
  epoch: number,
  olderThanMs: number,
): Promise<number> {
  const { outbox } = options.stores[otherOrigin(from)]
  const ids = await outbox.owed(entity, olderThanMs, batch)
  if (ids.length === 0) return 0
  const images = await outbox.images(entity, ids)
  const strays = images.filter(({ version }) => version.epoch < epoch)
  // The authority has put them since, and what was marked is below: nobody else writes in its epoch
  const moot = images.filter(({ version }) => version.epoch === epoch)
  const settled: Image[] = []
  const outcomes = strays.length > 0 ? await options.stores[from].replica.bulkPut(entity, strays, epoch) : []
  for (const [index, stray] of strays.entries())
    if (await settle(options, entity, from, stray, outcomes[index]!)) settled.push(stray)
  if (moot.length + settled.length > 0) await outbox.clear(entity, [...moot, ...settled].map(clearedOf))
  return strays.length - settled.length
}
