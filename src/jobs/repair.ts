import { randomUUID } from 'node:crypto'
import { isUnmapped } from '../compare/content.ts'
import { sameRecord } from '../compare/differences.ts'
import { authorityOf, noFlag } from '../control/flag-store.ts'
import { otherMappings } from '../control/instances.ts'
import type { Entity, Id } from '../entity/entity.ts'
import { mappingDigest } from '../entity/mapping-digest.ts'
import { clearedOf } from '../mirror/cleared-of.ts'
import { keepCopy } from '../mirror/conflicts.ts'
import { byId } from '../stores/by-id.ts'
import type { MongoStore } from '../stores/mongo/mongo-store.ts'
import type { PostgresStore } from '../stores/postgres/postgres-store.ts'
import type { Image, Store } from '../stores/store.ts'
import { compareVersions, formatVersion } from '../stores/version.ts'
import { unlessAborted } from '../util/aborted.ts'
import { CrossfadeError } from '../util/errors.ts'
import { type Origin, otherOrigin } from '../util/origin.ts'
import { buryCopies } from './bury-copies.ts'
import { copiedFlag } from './copied-flag.ts'
import { underCopyClaim } from './copy-claim.ts'
import { putImages } from './put-images.ts'
import { type Pair, type SettleOptions, settleRecords, type Unequal } from './settle-records.ts'
import { untilOwed } from './until-owed.ts'

export const repairLog = 'repair'

export interface RepairOptions extends SettleOptions {
  readonly stores: { readonly mongo: MongoStore; readonly postgres: PostgresStore }
  readonly entity: Entity
  /** Of the records that may differ. */
  readonly ids: readonly Id[]
  readonly onProgress?: (done: number) => void
  readonly log?: (line: string) => void
}

/** What a repair would do. */
export interface Examined {
  readonly authority: Origin
  /** Records that differ still. */
  readonly unequal: readonly Unequal[]
  /** Records that were owed or changed each time that they were looked at. */
  readonly undecided: readonly Id[]
}

export interface Repaired extends Examined {
  /** Records that were put, and copies that were buried. */
  readonly put: number
  readonly buried: number
  /** Records that the mirror refuses; each is owed, and in PostgreSQL a data issue. */
  readonly keptOut: readonly Id[]
  /** Records that differ still, looked at once more. */
  readonly left: readonly Unequal[]
}

/** Who asks for a repair, and how the records were chosen; kept in the history. */
export interface RepairNote {
  readonly by: string
  readonly chosen: string
}

/** Records that are looked at, and put, together. */
const batch = 50

function* batches(ids: readonly Id[]): Generator<readonly Id[]> {
  const unique = [...new Set(ids)]
  for (let start = 0; start < unique.length; start += batch) yield unique.slice(start, start + batch)
}

/** Which way a repair goes. @throws BAD_USER_INPUT in a stage that has no mirror. */
export async function standing(options: Pick<RepairOptions, 'stores' | 'entity'>) {
  const { stores, entity } = options
  const flag = await copiedFlag(options)
  if (!flag) throw noFlag(entity.name)
  const from = authorityOf(flag)
  const pair: Pair = { entity, authority: stores[from], mirror: stores[otherOrigin(from)] }
  return { flag, from, pair }
}

/**
 * Which of the records differ, and how; writes nothing.
 *
 * @throws BAD_USER_INPUT in a stage that has no mirror.
 */
export const examine = (options: RepairOptions): Promise<Examined> => unlessAborted(options.signal, examineAll(options))

async function examineAll(options: RepairOptions): Promise<Examined> {
  const { from, pair } = await standing(options)
  const unequal: Unequal[] = []
  const undecided: Id[] = []
  let done = 0
  for (const ids of batches(options.ids)) {
    options.signal?.throwIfAborted()
    const found = await settleRecords(pair, ids, options)
    unequal.push(...found.unequal)
    undecided.push(...found.undecided)
    options.onProgress?.((done += ids.length))
  }
  return { authority: from, unequal, undecided }
}

/** Differs in what is MongoDB's own while it is the mirror: no put writes paths that the mapping does not name. */
export const isMongosOwn = (authority: Origin, { kind, differences }: Unequal): boolean =>
  authority === 'postgres' && kind === 'content' && differences.every(({ path }) => isUnmapped(path))

const versionIn = (image: Image | undefined): string | null => (image?.record ? formatVersion(image.version) : null)

/** Takes the marks off, as a sweep does: the authority is read behind the mirror, and is at its version with its record. */
async function clear({ entity, authority, mirror }: Pair, ids: readonly Id[]): Promise<void> {
  const copies = byId(await mirror.outbox.images(entity, ids))
  const present = await authority.outbox.images(entity, ids)
  const confirmed = present.filter((image) => {
    const copy = copies.get(image.id)
    return copy && compareVersions(copy.version, image.version) === 0 && sameRecord(entity, copy.record, image.record)
  })
  await authority.outbox.clear(entity, confirmed.map(clearedOf))
}

/** Makes the mirror equal in what was compared, at the versions that it was compared at. */
async function repairBatch(options: RepairOptions, pair: Pair, under: number, unequal: readonly Unequal[]) {
  const { entity, authority, mirror } = pair
  const from = authority.origin
  const ids = unequal.map(({ id }) => id)
  const copies = byId(await mirror.outbox.images(entity, ids))
  const present = byId(await authority.outbox.images(entity, ids))
  const same = unequal.filter(
    ({ id, versions: [ours, theirs] }) => versionIn(present.get(id)) === ours && versionIn(copies.get(id)) === theirs,
  )
  const lost = same.flatMap(({ id, kind }) => (kind === 'extra' ? copies.get(id)! : []))
  const kept = same.flatMap(({ id, kind }) => (kind === 'extra' ? [] : present.get(id)!))
  // A copy that is as new or newer is kept where it is replaced
  for (const { id, version } of kept) {
    const copy = copies.get(id)
    if (copy?.record && compareVersions(copy.version, version) < 0)
      await keepCopy(authority.ledger, entity, mirror.origin, copy, formatVersion(version))
  }
  // Read anew, since a put is to follow its read at once
  const fresh = byId(
    await authority.outbox.images(
      entity,
      kept.map(({ id }) => id),
    ),
  )
  const images = kept.flatMap((image) => {
    const now = fresh.get(image.id)
    return now?.record && compareVersions(now.version, image.version) === 0 ? now : []
  })
  const put = await putImages(options, from, under, images)
  const buried = (await buryCopies(options, from, under, lost)).length
  await clear(pair, ids)
  return { put: put.copied + put.mended, buried, keptOut: put.keptOut }
}

/** Who keeps records otherwise would put into rest what gateways have a column for, and leave the column as it is. */
async function checkMapping({ ledger }: Store, entity: Entity): Promise<void> {
  const others = await otherMappings(ledger, entity.name, mappingDigest(entity))
  if (others.length === 0) return
  const text = `Gateways have another mapping of ${entity.name} than this command: ${others.join(', ')}`
  throw new CrossfadeError('BAD_USER_INPUT', `${text}. Run it with the app that they run, or let its deploy end first.`)
}

/**
 * Makes the mirror's copies of records equal to what the store with authority has, where they differ and nothing of them
 * is on its way. Registered and fenced as a copy is. What is overwritten or removed is kept in conflicts; who did it is
 * kept in the ledger of the authority, before the first write and behind the last. What was touched is looked at once more.
 *
 * @throws TRY_AGAIN where a copy of the type is running, or its stage was changed meanwhile; BAD_USER_INPUT in a stage
 * that has no mirror, and where gateways have another mapping.
 */
export async function repair(options: RepairOptions, { by, chosen }: RepairNote): Promise<Repaired> {
  const { entity, ids, signal } = options
  const { flag, from, pair } = await standing(options)
  const { ledger } = pair.authority
  await checkMapping(pair.authority, entity)
  const note = (what: object): Promise<void> =>
    ledger.append(repairLog, entity.name, { by, chosen, epoch: flag.epoch, ...what })
  return underCopyClaim(options, `repair ${randomUUID()}`, async ({ renew }) => {
    await untilOwed(options, flag)
    await note({ began: true, records: new Set(ids).size })
    const found = { unequal: [] as Unequal[], undecided: [] as Id[], left: [] as Unequal[] }
    const keptOut: Id[] = []
    const done = { put: 0, buried: 0, looked: 0 }
    for (const some of batches(ids)) {
      signal?.throwIfAborted()
      const { unequal, undecided } = await settleRecords(pair, some, options)
      signal?.throwIfAborted() // who was told that it was stopped finds nothing written afterwards
      const mendable = unequal.filter((each) => !isMongosOwn(from, each))
      const repaired = await repairBatch(options, pair, flag.epoch, mendable)
      const touched = unequal.map(({ id }) => id)
      const again = await settleRecords(pair, touched, options)
      found.unequal.push(...unequal)
      found.undecided.push(...undecided, ...again.undecided)
      found.left.push(...again.unequal)
      keptOut.push(...repaired.keptOut)
      done.put += repaired.put
      done.buried += repaired.buried
      await renew()
      options.onProgress?.((done.looked += some.length))
    }
    const counts = { put: done.put, buried: done.buried }
    const still = { left: found.left.length, undecided: found.undecided.length, keptOut: keptOut.length }
    await note({ unequal: found.unequal.length, ...counts, ...still })
    return { authority: from, ...found, keptOut, ...counts }
  })
}
