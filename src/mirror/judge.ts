import { sameRecord } from '../compare/differences.ts'
import type { Entity, Id } from '../entity/entity.ts'
import { byId } from '../stores/by-id.ts'
import { faultOf, tellsOfTrouble } from '../stores/failure.ts'
import { heldText } from '../stores/held-text.ts'
import type { Image, PutOutcome } from '../stores/store.ts'
import { compareVersions } from '../stores/version.ts'
import { type Origin, otherOrigin } from '../util/origin.ts'
import { clearedOf } from './cleared-of.ts'
import { type ConflictOptions, keepConflict } from './conflicts.ts'
import { gravesOf } from './graves.ts'

/** What becomes of what is owed: its mark is cleared, it stays owed, or the mirror refuses it for a reason. */
export type Verdict = 'cleared' | 'owed' | { readonly reason: string; readonly by?: readonly Id[] }

export interface JudgeOptions extends ConflictOptions {
  /** Epoch of the type's flag, as it is known before anything is read; see `Replica.bulkPut`. */
  readonly under: number
  /**
   * Of the type's flag, confirmed by the store that has authority: what bears a later one is not ours to judge. Default:
   * any is; then marks in the store without authority are not looked for.
   */
  readonly epoch?: number | undefined
}

/** One record of one type that is owed, as the authority has it. */
export interface Owed {
  readonly options: JudgeOptions
  readonly entity: Entity
  readonly from: Origin
  readonly image: Image
}

type Judging = Omit<Owed, 'image'>

/** What both stores have of records. */
async function readBoth({ options: { stores }, entity, from }: Judging, ids: readonly Id[]) {
  const copies = byId(await stores[otherOrigin(from)].outbox.images(entity, ids))
  // Behind the mirror, since a write may have reached both between the two reads
  const present = byId(await stores[from].outbox.images(entity, ids))
  return { copies, present }
}

/**
 * A put that came late: settled only where the authority, read again, is at the mirror's version with equal content.
 * A conflict where the mirror is ahead, or has other content.
 */
function lateness(
  { options: { epoch = Number.POSITIVE_INFINITY }, entity, image }: Owed,
  copy: Image | undefined,
  present: Image | undefined,
): 'cleared' | 'owed' | { readonly conflict: readonly [present: Image, copy: Image] } {
  if (!copy || !present || compareVersions(present.version, image.version) !== 0) return 'owed' // changed meanwhile
  // Authority has moved on, and this sweep does not know it yet
  if (copy.version.epoch > epoch) return 'owed'
  const order = compareVersions(copy.version, present.version)
  if (order < 0) return 'owed' // the put raced; the next round repeats it
  if (order === 0 && sameRecord(entity, copy.record, present.record)) return 'cleared'
  return { conflict: [present, copy] }
}

/** Those of many images whose puts came late since the mirror had them already, in two reads for all. */
export async function mirroredAlready(judging: Judging, images: readonly Image[]): Promise<ReadonlySet<Id>> {
  if (images.length === 0) return new Set()
  const ids = images.map(({ id }) => id)
  const { copies, present } = await readBoth(judging, ids)
  return new Set(
    ids.filter((id, n) => lateness({ ...judging, image: images[n]! }, copies.get(id), present.get(id)) === 'cleared'),
  )
}

async function judgeLate(owed: Owed): Promise<Verdict> {
  const { options, entity, from, image } = owed
  const { copies, present } = await readBoth(owed, [image.id])
  const found = lateness(owed, copies.get(image.id), present.get(image.id))
  if (typeof found === 'string') return found
  await keepConflict(options, entity, from, ...found.conflict)
  return 'owed'
}

/** For records of the mirror that the authority knows nothing of: they are of a time when the mirror was not kept. */
async function gravesFor({ options: { stores, under }, entity, from }: Owed, ids: readonly Id[]) {
  const copies = ids.length > 0 ? await stores[otherOrigin(from)].outbox.images(entity, ids) : []
  const alive = copies.filter(({ record }) => record !== null)
  return (alive.length > 0 && (await gravesOf({ stores, entity, from, under }, alive))) || []
}

/** A constraint is a dependency first: the records in the way are read from the authority and put together with it. */
async function judgeBlocked(owed: Owed, blocked: Extract<PutOutcome, { put: 'blocked' }>): Promise<Verdict> {
  const { options, entity, from, image } = owed
  const authority = options.stores[from]
  const together = new Map<Id, Image>([[image.id, image]])
  let outcome: PutOutcome = blocked
  let inTheWay = blocked.by
  let late: Image[] = []
  let isStuck = false
  // A chain of swaps reveals its next link with each put; a longer one waits for the next round.
  for (let links = 0; links < 10 && outcome.put === 'blocked'; links++) {
    const unseen = inTheWay.filter((id) => !together.has(id))
    if (isStuck && unseen.length === 0) break
    for (const other of await authority.outbox.images(entity, unseen)) together.set(other.id, other)
    const unknown = unseen.filter((id) => !together.has(id))
    for (const grave of await gravesFor(owed, unknown)) together.set(grave.id, grave)
    const images = [...together.values()]
    const outcomes = await options.stores[otherOrigin(from)].replica.bulkPut(entity, images, options.under)
    const others = images.filter((other, index) => other !== image && outcomes[index]!.put === 'applied')
    if (others.length > 0) await authority.outbox.clear(entity, others.map(clearedOf))
    // Of those in its way as well: the next link may stand behind one of them
    inTheWay = outcomes.flatMap((each) => (each.put === 'blocked' ? each.by : []))
    late = images.filter((_, index) => outcomes[index]!.put === 'late')
    // Else once more: whoever was in the way may have gone with this put, or before anybody could see who it was
    isStuck = outcomes.every((each) => each.put !== 'applied' && (each.put !== 'blocked' || each.by.length > 0))
    const [own] = outcomes
    outcome = own!.put === 'blocked' ? own! : (outcomes.find(({ put }) => put === 'blocked') ?? own!)
  }
  if (outcome.put === 'applied') return 'cleared'
  if (outcome.put === 'overtaken') return 'owed'
  if (outcome.put === 'late') return judgeLate(owed)
  if (outcome.put === 'refused') return { reason: outcome.reason }
  // Whoever holds the value may be ahead of the authority, which has gone on without it
  for (const holder of late) if ((await judgeLate({ ...owed, image: holder })) === 'owed') return 'owed'
  return { reason: heldText(blocked), by: blocked.by }
}

/** @throws where one of the stores is in trouble; what goes wrong with this record alone is its verdict. */
export async function judge(owed: Owed, outcome: PutOutcome): Promise<Verdict> {
  try {
    if (outcome.put === 'applied') return 'cleared'
    if (outcome.put === 'overtaken') return 'owed'
    if (outcome.put === 'late') return await judgeLate(owed)
    if (outcome.put === 'blocked') return await judgeBlocked(owed, outcome)
    return { reason: outcome.reason }
  } catch (error) {
    if (tellsOfTrouble(owed.options.stores, error)) throw error
    return { reason: faultOf(error) }
  }
}
