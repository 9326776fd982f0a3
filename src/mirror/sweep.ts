import { times } from '../control/times.ts'
import type { Entity, Id } from '../entity/entity.ts'
import type { Image, Store } from '../stores/store.ts'
import { type Origin, otherOrigin } from '../util/origin.ts'
import { clearedOf } from './cleared-of.ts'
import { DeadLetters } from './dead-letters.ts'
import { type JudgeOptions, judge, mirroredAlready } from './judge.ts'
import { keyOf } from './record-key.ts'
import { settleStrays } from './strays.ts'

export interface SweepOptions extends JudgeOptions {
  /** Who sweeps: one instance at a time works on a type. */
  readonly owner: string
  /** What is owed for less is left to the put that is under way, in milliseconds. */
  readonly olderThanMs: number
  /** True tries dead letters before their time, too. */
  readonly impatient?: boolean
  /**
   * What the mirror has not revealed for so long was cut off, in milliseconds. Default: neither that is looked for, nor
   * what came late to the mirror.
   */
  readonly arrivingMs?: number
  /** Told of a record that the mirror refuses, the first time. */
  readonly onDeadLetter?: (entity: Entity, id: Id, reason: string) => void
}

/** Records that are read and put together. */
const batch = 25

/** Read again where that took so long that a delete, and the end of its tombstone, may have overtaken it. */
async function freshImages(outbox: Store['outbox'], entity: Entity, ids: readonly Id[]): Promise<readonly Image[]> {
  for (;;) {
    const began = performance.now()
    const images = await outbox.images(entity, ids)
    if (performance.now() - began < times.image) return images
  }
}

/** Puts one batch of what is owed, and clears the marks of what the mirror has. */
async function putBatch(options: SweepOptions, entity: Entity, from: Origin, letters: DeadLetters, ids: readonly Id[]) {
  const { outbox } = options.stores[from]
  const images = await freshImages(outbox, entity, ids)
  const outcomes = await options.stores[otherOrigin(from)].replica.bulkPut(entity, images, options.under)
  const late = images.filter((_, index) => outcomes[index]!.put === 'late')
  const known = await mirroredAlready({ options, entity, from }, late)
  const cleared: Image[] = []
  for (const [index, image] of images.entries()) {
    const verdict = known.has(image.id) ? 'cleared' : await judge({ options, entity, from, image }, outcomes[index]!)
    if (verdict === 'cleared') cleared.push(image)
    else if (verdict !== 'owed' && (await letters.write(image, verdict.reason, verdict.by))) {
      options.log('warn', `${keyOf(entity, image.id)} cannot be mirrored: ${verdict.reason}.`)
      options.onDeadLetter?.(entity, image.id, verdict.reason)
    }
  }
  await outbox.clear(entity, cleared.map(clearedOf))
}

/** Batches of one round at most, so that one type does not keep the others waiting for ever. */
const maxBatches = 40

/** Of these, of dead letters: those that are left over are the first ones of the next round. */
const maxDeadBatches = 4

/**
 * One round for one type: reads the present state of what is owed and makes the mirror equal to it. It never trusts
 * the note. Safe to run any number of times, on any instance. A record that the mirror refuses is a dead letter, is
 * tried again ever more rarely, and stands in nobody's way.
 *
 * @returns how many records are still owed, those younger than `olderThanMs` and dead letters included, how many the
 * mirror had not revealed, and how many marks of late writes it still bears.
 */
export async function sweep(options: SweepOptions, entity: Entity, from: Origin): Promise<number> {
  const store = options.stores[from]
  const { ledger } = store
  const { outbox } = store.control
  const key = `sweep/${entity.name}`
  const { arrivingMs } = options
  const { replica } = options.stores[otherOrigin(from)]
  const unseen = arrivingMs === undefined ? 0 : await replica.settleArriving(entity, arrivingMs)
  // Committed before anything is sent to the other store, so that a slow mirror never blocks the authority.
  if (!(await ledger.claim(key, options.owner, times.claim))) return (await outbox.backlog(entity)).count + unseen
  let strays = 0
  try {
    const reading = DeadLetters.of(ledger, entity)
    reading.catch(() => undefined) // told below
    if (options.epoch !== undefined && arrivingMs !== undefined)
      strays = await settleStrays(options, entity, from, options.epoch, options.olderThanMs)
    const letters = await reading
    const dead = letters.ids
    const known = [...dead]
    const put = async (ids: readonly Id[]): Promise<void> => {
      await putBatch(options, entity, from, letters, ids)
      if (ids.length === batch) await ledger.claim(key, options.owner, times.claim) // more may follow
    }
    for (let round = 0; round < maxBatches; round++) {
      const ids = await outbox.owed(entity, options.olderThanMs, batch, known)
      if (ids.length > 0) await put(ids)
      if (ids.length < batch) break
      known.push(...ids) // what is left of them waits for the next round
    }
    // Behind what is newly owed, which thousands of them would keep waiting: to find each costs transactions of its own
    const due = await letters.due(store, options.impatient)
    const most = batch * (options.impatient ? maxBatches : maxDeadBatches)
    for (let first = 0; first < Math.min(due.length, most); first += batch)
      await put(due.slice(first, Math.min(first + batch, most)))
    // Owed no more: cleared just now, or after a put that did not wait for the sweep
    if (dead.length > 0) await letters.removeAllBut([...(await outbox.owedFor(entity, dead)).keys()])
  } finally {
    await ledger.release(key, options.owner)
  }
  return (await outbox.backlog(entity)).count + unseen + strays
}
