import { sameRecord } from '../compare/differences.ts'
import type { Entity, Id } from '../entity/entity.ts'
import type { Image, PutOutcome, Store } from '../stores/store.ts'
import { compareVersions, formatVersion } from '../stores/version.ts'
import type { Json } from '../util/json.ts'
import { type Origin, otherOrigin } from '../util/origin.ts'

export const deadLetterKind = 'dead-letter'
export const conflictLog = 'conflict'

export interface SweepOptions {
  readonly stores: Readonly<Record<Origin, Store>>
  /** Who sweeps: one instance at a time works on a type. */
  readonly owner: string
  /** Debts younger than this are left to the put that is under way, in milliseconds. */
  readonly olderThanMs: number
  readonly log: (level: 'info' | 'warn', message: string) => void
}

const batch = 200
const claimMs = 30_000

const deadKey = (entity: Entity, id: Id): string => `${entity.name}/${id}`

async function readImage(store: Store, entity: Entity, id: Id): Promise<Image | undefined> {
  return (await store.debts.images(entity, [id]))[0]
}

/** A refused put: settled only where the authority, read again, is at the mirror's version with equal content. */
async function judgeLate(options: SweepOptions, entity: Entity, image: Image, from: Origin): Promise<boolean> {
  const authority = options.stores[from]
  const present = await readImage(authority, entity, image.id)
  if (!present || compareVersions(present.version, image.version) !== 0) return false // changed meanwhile; still owed
  const copy = await readImage(options.stores[otherOrigin(from)], entity, image.id)
  if (!copy) return false
  const order = compareVersions(copy.version, present.version)
  if (order < 0) return false // the put raced; the next round repeats it
  if (order === 0 && sameRecord(entity, copy.record, present.record)) return true
  const note = {
    mirror: otherOrigin(from),
    version: formatVersion(copy.version),
    record: copy.record as Json,
    authority: formatVersion(present.version),
  }
  await authority.ledger.append(conflictLog, deadKey(entity, image.id), note)
  await authority.writer.restamp(entity, image.id, present.version, copy.version)
  options.log(
    'warn',
    `${entity.name} ${image.id}: the mirror was ahead (${note.version}); its copy is kept in conflicts.`,
  )
  return false
}

/** A constraint is a dependency first: the records in the way are read from the authority and put together with it. */
async function judgeBlocked(
  options: SweepOptions,
  entity: Entity,
  image: Image,
  from: Origin,
  blocked: Extract<PutOutcome, { put: 'blocked' }>,
): Promise<boolean> {
  const authority = options.stores[from]
  const together = new Map<Id, Image>([[image.id, image]])
  let outcome: PutOutcome = blocked
  // A chain of swaps reveals its next link with each put; a longer one waits for the next round.
  for (let links = 0; links < 10 && outcome.put === 'blocked'; links++) {
    const unseen = outcome.by.filter((id) => !together.has(id))
    for (const other of await authority.debts.images(entity, unseen)) together.set(other.id, other)
    if (links > 0 && unseen.length === 0) break
    const outcomes = await options.stores[otherOrigin(from)].writer.bulkPut(entity, [...together.values()])
    outcome = outcomes[0]!
    const next = outcomes.find((each) => each.put === 'blocked')
    if (outcome.put !== 'blocked' && next) outcome = next
  }
  if (outcome.put === 'applied') return true
  if (outcome.put === 'late') return judgeLate(options, entity, image, from)
  const key = deadKey(entity, image.id)
  const note = { constraint: blocked.constraint, by: blocked.by.map(String), version: formatVersion(image.version) }
  const entry = await authority.ledger.get(deadLetterKind, key)
  if (!entry) options.log('warn', `${key} cannot be mirrored: ${blocked.constraint} is held by ${note.by.join(', ')}.`)
  await authority.ledger.compareAndSet(deadLetterKind, key, entry?.revision ?? null, note)
  return false
}

async function settle(options: SweepOptions, entity: Entity, images: readonly Image[], from: Origin): Promise<Image[]> {
  const outcomes = await options.stores[otherOrigin(from)].writer.bulkPut(entity, images)
  const paid: Image[] = []
  for (const [index, image] of images.entries()) {
    const outcome = outcomes[index]!
    const done =
      outcome.put === 'applied' ||
      (outcome.put === 'late'
        ? await judgeLate(options, entity, image, from)
        : await judgeBlocked(options, entity, image, from, outcome))
    if (done) paid.push(image)
  }
  return paid
}

/**
 * One round for one type: reads the present state of what is owed and makes the mirror equal to it. It never trusts
 * the note. Safe to run any number of times, on any instance.
 *
 * @returns how many records are still owed, those younger than `olderThanMs` and dead letters included.
 */
export async function sweep(options: SweepOptions, entity: Entity, from: Origin): Promise<number> {
  const { ledger, debts } = options.stores[from]
  const key = `sweep/${entity.name}`
  // Committed before anything is sent to the other store, so that a slow mirror never blocks the authority.
  if (!(await ledger.claim(key, options.owner, claimMs))) return (await debts.backlog(entity)).count
  try {
    const dead = (await ledger.list(deadLetterKind)).filter((entry) => entry.key.startsWith(`${entity.name}/`))
    const ids = await debts.owed(entity, options.olderThanMs, batch + dead.length)
    const owed = new Set(ids.map((id) => deadKey(entity, id)))
    if (ids.length > 0) {
      const images = await debts.images(entity, ids)
      const paid = await settle(options, entity, images, from)
      await debts.clear(
        entity,
        paid.map(({ id, version, record }) => ({ id, version, deleted: record === null })),
      )
      for (const { id } of paid) owed.delete(deadKey(entity, id))
    }
    // Paid now, or by a put that did not wait for the sweep
    for (const entry of dead) if (!owed.has(entry.key)) await ledger.remove(deadLetterKind, entry.key)
  } finally {
    await ledger.release(key, options.owner)
  }
  return (await debts.backlog(entity)).count
}
