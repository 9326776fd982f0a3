import { z } from 'zod'
import { canonicalRecord } from '../compare/canonical.ts'
import { sameRecord } from '../compare/differences.ts'
import type { Entity, Id } from '../entity/entity.ts'
import { failureOfAny, faultOf, isTrouble } from '../stores/failure.ts'
import { type Ledger, type Logged, parseAs } from '../stores/ledger.ts'
import type { Image, PutOutcome, Store } from '../stores/store.ts'
import { compareVersions, formatVersion } from '../stores/version.ts'
import type { Json } from '../util/json.ts'
import { type Origin, origins, otherOrigin } from '../util/origin.ts'
import { DeadLetters } from './dead-letters.ts'
import { keyOf } from './record-key.ts'

export const conflictLog = 'conflict'

/** A copy that was replaced, as it is kept in the ledger. */
export interface Conflict {
  /** The store that had it. */
  readonly mirror: Origin
  readonly version: string
  /** In canonical form; null where it was marked deleted. */
  readonly record: Json
  /** The version of the authority's record then; `none` where there was none. */
  readonly authority: string
}

const form: z.ZodType<Conflict> = z.object({
  mirror: z.enum(origins),
  version: z.string(),
  record: z.json(),
  authority: z.string(),
})

/** Null for one in another form. */
export const parseConflict = ({ value }: Logged): Conflict | null => parseAs(form, value)

export interface SweepOptions {
  readonly stores: Readonly<Record<Origin, Store>>
  /** Who sweeps: one instance at a time works on a type. */
  readonly owner: string
  /** What is owed for less is left to the put that is under way, in milliseconds. */
  readonly olderThanMs: number
  /** True tries dead letters before their time, too. */
  readonly impatient?: boolean
  /** What the mirror has not revealed for so long was cut off, in milliseconds; default: not looked for. */
  readonly arrivingMs?: number
  readonly log: (level: 'info' | 'warn', message: string) => void
}

/** Records that are read and put together. */
const batch = 25
const claimMs = 30_000

async function readImage(store: Store, entity: Entity, id: Id): Promise<Image | undefined> {
  return (await store.outbox.images(entity, [id]))[0]
}

/** What becomes of what is owed: its mark is cleared, it stays owed, or the mirror refuses it for a reason. */
type Verdict = 'cleared' | 'owed' | { readonly reason: string; readonly by?: readonly Id[] }

/** One record of one type that is owed, as the authority has it. */
interface Owed {
  readonly options: SweepOptions
  readonly entity: Entity
  readonly from: Origin
  readonly image: Image
}

/** A put that came late: settled only where the authority, read again, is at the mirror's version with equal content. */
async function judgeLate({ options, entity, from, image }: Owed): Promise<Verdict> {
  const authority = options.stores[from]
  const copy = await readImage(options.stores[otherOrigin(from)], entity, image.id)
  // Behind the mirror, since a write may have reached both between the two reads
  const present = await readImage(authority, entity, image.id)
  if (!copy || !present || compareVersions(present.version, image.version) !== 0) return 'owed' // changed meanwhile
  const order = compareVersions(copy.version, present.version)
  if (order < 0) return 'owed' // the put raced; the next round repeats it
  if (order === 0 && sameRecord(entity, copy.record, present.record)) return 'cleared'
  await keepConflict(options, entity, from, present, copy)
  return 'owed'
}

/** Keeps a copy that is about to be replaced. @param authority the version of what takes its place. */
export async function keepCopy(
  ledger: Ledger,
  entity: Entity,
  mirror: Origin,
  { id, version, record }: Image,
  authority: string,
): Promise<void> {
  const copy = record && canonicalRecord(entity, record)
  const note: Conflict = { mirror, version: formatVersion(version), record: copy, authority }
  await ledger.append(conflictLog, keyOf(entity, id), { ...note })
}

/** The mirror's copy is kept in conflicts, and the authority's record gets a version above it, to be put again. */
export async function keepConflict(
  { stores, log }: Pick<SweepOptions, 'stores' | 'log'>,
  entity: Entity,
  from: Origin,
  present: Image,
  copy: Image,
): Promise<boolean> {
  const authority = formatVersion(present.version)
  await keepCopy(stores[from].ledger, entity, otherOrigin(from), copy, authority)
  const restamped = await stores[from].authority.restamp(entity, present.id, present.version, copy.version)
  const text = `the mirror has ${formatVersion(copy.version)}, the authority ${authority}; the mirror's copy is kept in conflicts.`
  log('warn', `${entity.name} ${present.id}: ${text}`)
  return restamped
}

/** A constraint is a dependency first: the records in the way are read from the authority and put together with it. */
async function judgeBlocked(owed: Owed, blocked: Extract<PutOutcome, { put: 'blocked' }>): Promise<Verdict> {
  const { options, entity, from, image } = owed
  const authority = options.stores[from]
  const together = new Map<Id, Image>([[image.id, image]])
  let outcome: PutOutcome = blocked
  // A chain of swaps reveals its next link with each put; a longer one waits for the next round.
  for (let links = 0; links < 10 && outcome.put === 'blocked'; links++) {
    const unseen = outcome.by.filter((id) => !together.has(id))
    for (const other of await authority.outbox.images(entity, unseen)) together.set(other.id, other)
    if (links > 0 && unseen.length === 0) break
    const outcomes = await options.stores[otherOrigin(from)].replica.bulkPut(entity, [...together.values()])
    outcome = outcomes[0]!
    const next = outcomes.find((each) => each.put === 'blocked')
    if (outcome.put !== 'blocked' && next) outcome = next
  }
  if (outcome.put === 'applied') return 'cleared'
  if (outcome.put === 'late') return judgeLate(owed)
  if (outcome.put === 'refused') return { reason: outcome.reason }
  return { reason: `${blocked.constraint} is held by ${blocked.by.join(', ')}`, by: blocked.by }
}

/** @throws where one of the stores is in trouble; what goes wrong with this record alone is its verdict. */
async function judge(owed: Owed, outcome: PutOutcome): Promise<Verdict> {
  try {
    if (outcome.put === 'applied') return 'cleared'
    if (outcome.put === 'late') return await judgeLate(owed)
    if (outcome.put === 'blocked') return await judgeBlocked(owed, outcome)
    return { reason: outcome.reason }
  } catch (error) {
    if (isTrouble(failureOfAny(owed.options.stores, error))) throw error
    return { reason: faultOf(error) }
  }
}

/** Puts one batch of what is owed, and clears the marks of what the mirror has. */
async function putBatch(options: SweepOptions, entity: Entity, from: Origin, letters: DeadLetters, ids: readonly Id[]) {
  const { outbox } = options.stores[from]
  const images = await outbox.images(entity, ids)
  const outcomes = await options.stores[otherOrigin(from)].replica.bulkPut(entity, images)
  const cleared: Image[] = []
  for (const [index, image] of images.entries()) {
    const verdict = await judge({ options, entity, from, image }, outcomes[index]!)
    if (verdict === 'cleared') cleared.push(image)
    else if (verdict !== 'owed' && (await letters.write(image, verdict.reason, verdict.by)))
      options.log('warn', `${keyOf(entity, image.id)} cannot be mirrored: ${verdict.reason}.`)
  }
  await outbox.clear(
    entity,
    cleared.map(({ id, version, record }) => ({ id, version, deleted: record === null })),
  )
}

/** Batches of one round at most, so that one type does not keep the others waiting for ever. */
const maxBatches = 40

/**
 * One round for one type: reads the present state of what is owed and makes the mirror equal to it. It never trusts
 * the note. Safe to run any number of times, on any instance. A record that the mirror refuses is a dead letter, is
 * tried again ever more rarely, and stands in nobody's way.
 *
 * @returns how many records are still owed, those younger than `olderThanMs` and dead letters included, and how many
 * the mirror had not revealed.
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
  if (!(await ledger.claim(key, options.owner, claimMs))) return (await outbox.backlog(entity)).count + unseen
  try {
    const letters = await DeadLetters.of(ledger, entity)
    const dead = letters.ids
    const tried = options.impatient ? [] : await letters.waiting(store, dead)
    for (let round = 0; round < maxBatches; round++) {
      const ids = await outbox.owed(entity, options.olderThanMs, batch, tried)
      if (ids.length === 0) break
      await putBatch(options, entity, from, letters, ids)
      tried.push(...ids) // what is left of them waits for the next round
      if (ids.length < batch) break
      await ledger.claim(key, options.owner, claimMs)
    }
    // Owed no more: cleared just now, or after a put that did not wait for the sweep
    if (dead.length > 0) await letters.removeAllBut([...(await outbox.owedFor(entity, dead)).keys()])
  } finally {
    await ledger.release(key, options.owner)
  }
  return (await outbox.backlog(entity)).count + unseen
}
