import pLimit from 'p-limit'
import { sameContent } from '../compare/content.ts'
import type { Id } from '../entity/entity.ts'
import { keepConflict } from '../mirror/conflicts.ts'
import { byId } from '../stores/by-id.ts'
import { heldText } from '../stores/held-text.ts'
import { adoptRecords } from '../stores/postgres/adopt-rest.ts'
import type { Image, PutOutcome } from '../stores/store.ts'
import { compareVersions } from '../stores/version.ts'
import { type Origin, otherOrigin } from '../util/origin.ts'
import type { BackfillOptions } from './backfill-options.ts'
import { overtaken } from './overtaken.ts'

/** Records that are mended side by side: each takes several ways to both stores. */
const atOnce = 8

type PutOptions = Pick<BackfillOptions, 'stores' | 'entity' | 'log'>

/**
 * Writes into their columns what rows of these images keep as unmapped, each at its version.
 *
 * @returns the images, as they are then.
 */
async function inColumns({ stores, entity }: PutOptions, images: readonly Image[], written: Set<Id>) {
  const old = images.flatMap(({ id, columns }) => (columns ? [id] : []))
  if (old.length === 0) return images
  await adoptRecords(stores.postgres.puts, entity, old)
  for (const id of old) written.add(id)
  return images.map(({ columns: _, ...image }) => image)
}

/**
 * Records that a put left as they were, since their version is as high or higher: equal ones are done; of others the
 * copy goes to conflicts, and the authority's record is put above it.
 *
 * @param written those whose columns were old, of either store; more may come to them.
 * @returns what became of those others, and of those, by id.
 */
async function mend(options: PutOptions, from: Origin, under: number, late: readonly Image[], written: Set<Id>) {
  const { stores, entity, log } = options
  const { [from]: source, [otherOrigin(from)]: target } = stores
  const mended = new Map<Id, PutOutcome>()
  if (late.length === 0) return mended
  const ids = late.map(({ id }) => id)
  const copies = byId(await inColumns(options, await target.outbox.images(entity, ids), written))
  const mendOne = async (image: Image): Promise<void> => {
    const copy = copies.get(image.id)
    const order = copy && compareVersions(copy.version, image.version)
    if (copy && copy.version.epoch > under) throw overtaken(entity.name)
    if (!copy || order! < 0) return
    if (order === 0 && sameContent(entity, copy, image)) {
      if (written.has(image.id)) mended.set(image.id, { put: 'applied' })
      return
    }
    // A write through a gateway may have reached both between the two reads
    const [present] = await source.outbox.images(entity, [image.id])
    if (!present || compareVersions(present.version, image.version) !== 0) return
    if (order! > 0 && copy.record !== null && sameContent(entity, copy, present)) {
      // The record lost its version and nothing else
      if (!(await source.authority.restamp(entity, image.id, present.version, copy.version))) return
    } else if (!(await keepConflict({ stores, log: (_, line) => log?.(line) }, entity, from, present, copy))) return
    const [outcome] = await target.replica.bulkPut(entity, await source.outbox.images(entity, [image.id]), under)
    if (outcome) mended.set(image.id, outcome)
  }
  const turns = pLimit(atOnce)
  await turns.map(late, mendOne)
  return mended
}

/** Why a record is kept out, for its data issue; null where it is not. */
function refusalOf(outcome: PutOutcome): string | null {
  if (outcome.put === 'refused') return outcome.reason
  return outcome.put === 'blocked' ? heldText(outcome) : null
}

/** How many records were put where nothing as new was, and in the place of what differed; which ones were kept out. */
export interface PutImages {
  readonly copied: number
  readonly mended: number
  readonly keptOut: readonly Id[]
}

/**
 * Makes the mirror's copies of records equal to what the authority has, whatever their versions say. What the mirror
 * refuses is owed to it, and a data issue.
 *
 * @param asked images, as the authority had them less than `times.image` ago.
 * @param under the epoch of the flag, see `Replica.bulkPut`.
 * @param areNew see there.
 * @throws TRY_AGAIN where the flag is of a later one by now.
 */
export async function putImages(
  options: PutOptions,
  from: Origin,
  under: number,
  asked: readonly Image[],
  areNew = false,
): Promise<PutImages> {
  const { stores, entity } = options
  const { [from]: source, [otherOrigin(from)]: target } = stores
  const written = new Set<Id>()
  const images = await inColumns(options, asked, written)
  const outcomes = await target.replica.bulkPut(entity, images, under, areNew)
  if (outcomes.some(({ put }) => put === 'overtaken')) throw overtaken(entity.name)
  const late = images.filter((_, index) => outcomes[index]!.put === 'late')
  const mended = await mend(options, from, under, late, written)
  const keptOut = images.flatMap(({ id }, index) => {
    const rule = refusalOf(mended.get(id) ?? outcomes[index]!)
    return rule === null ? [] : [{ id, issues: [{ path: '(record)', rule, raw: '' }] }]
  })
  const ids = keptOut.map(({ id }) => id)
  if (ids.length > 0) await source.authority.owe(entity, ids)
  // What was put has no such issue any more
  const others = images.filter((_, index) => outcomes[index]!.put !== 'applied').map(({ id }) => id)
  if (from === 'mongo' && others.length > 0) await stores.postgres.dataIssues.keepOut(entity, others, keptOut)
  return {
    copied: outcomes.filter(({ put }) => put === 'applied').length,
    mended: [...mended.values()].filter(({ put }) => put === 'applied').length,
    keptOut: ids,
  }
}
