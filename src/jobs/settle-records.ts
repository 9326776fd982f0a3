import { setTimeout as sleep } from 'node:timers/promises'
import { contentDifferences } from '../compare/content.ts'
import type { Difference } from '../compare/differences.ts'
import type { Entity, Id } from '../entity/entity.ts'
import { allFields } from '../entity/field-set.ts'
import { byId } from '../stores/by-id.ts'
import type { Image, LiveImage, Store } from '../stores/store.ts'
import { compareVersions, formatVersion } from '../stores/version.ts'
import { weigh } from '../util/weigh.ts'
import { inPartsPatiently, type PatienceOptions } from './patience.ts'

/**
 * - missing, extra: the mirror lacks the record, or has it alone.
 * - content: it differs at some paths.
 * - version: equal content at unequal versions.
 */
export type DifferenceKind = 'missing' | 'extra' | 'content' | 'version'

/** One record that differs, and was not owed nor changed while it was looked at again. */
export interface Unequal {
  readonly id: Id
  readonly kind: DifferenceKind
  /** Where the content differs; the authority's value is the control, and what the mapping hides is hidden. */
  readonly differences: readonly Difference[]
  /** Of the authority and the mirror; null where there is no record. */
  readonly versions: readonly [string | null, string | null]
}

/** Two stores that are to hold the same records of a type. */
export interface Pair {
  readonly entity: Entity
  readonly authority: Store
  readonly mirror: Store
}

export interface SettleOptions {
  /** Waits before a record that differs is looked at again, in milliseconds. */
  readonly recheckMs?: readonly number[]
  readonly log?: (line: string) => void
  readonly signal?: AbortSignal
  /** Where a store is in trouble, see `PatienceOptions`. */
  readonly retryMs?: number
  readonly onRetry?: () => void
}

/** How a read of either store is tried again. */
export const patienceWith = ({ entity, authority, mirror }: Pair, options: SettleOptions): PatienceOptions => {
  const [mongo, postgres] = authority.origin === 'mongo' ? [authority, mirror] : [mirror, authority]
  return { ...options, stores: { mongo, postgres }, name: entity.name }
}

export interface Settled {
  readonly unequal: readonly Unequal[]
  /** Those that were owed or had changed each time that they were looked at. */
  readonly undecided: readonly Id[]
}

/** Each may be of 16 MB in either store, which nobody knows before. */
const firstPart = 4

const defaultRechecks = [50, 200, 1_000, 3_000]

const live = (image?: Image): LiveImage | null => (image?.record ? (image as LiveImage) : null)

/** How two copies differ; null where they do not. Tombstones are no records. */
function unequal(entity: Entity, id: Id, ours?: Image, theirs?: Image): Unequal | null {
  const [a, b] = [live(ours), live(theirs)]
  if (!a && !b) return null
  const versions = [a && formatVersion(a.version), b && formatVersion(b.version)] as const
  if (!a || !b) return { id, kind: a ? 'missing' : 'extra', differences: [], versions }
  const differences = contentDifferences(allFields(entity), a, b)
  if (differences.length > 0) return { id, kind: 'content', differences, versions }
  return compareVersions(a.version, b.version) === 0 ? null : { id, kind: 'version', differences, versions }
}

/** Whether two stores hold the same at once. That they do not decides nothing: a write may be on its way. */
export function isAlike(entity: Entity, ours: Image | undefined, theirs: Image | undefined): boolean {
  const [a, b] = [live(ours), live(theirs)]
  if (!a || !b) return a === b
  return compareVersions(a.version, b.version) === 0 && contentDifferences(allFields(entity), a, b).length === 0
}

const isSameVersion = (a?: Image, b?: Image): boolean =>
  a && b ? compareVersions(a.version, b.version) === 0 : a === b

/** Looks at records again, in generations, until each is decided: a write may have been on its way. */
export async function settleRecords(
  pair: Pair,
  suspects: readonly Id[],
  options: SettleOptions = {},
): Promise<Settled> {
  const { entity, authority, mirror } = pair
  const { recheckMs = defaultRechecks, signal } = options
  const decided: Unequal[] = []
  let left = suspects
  for (const ms of recheckMs) {
    if (left.length === 0) break
    await sleep(ms, undefined, { signal })
    const open: Id[] = []
    await inPartsPatiently(
      patienceWith(pair, options),
      left,
      async (ids) => {
        // A record that was at one version throughout, and owed by neither store in between, was confirmed before its copy
        // was read. In any other order a put that comes between two reads is taken for a difference.
        const before = byId(await authority.outbox.images(entity, ids))
        const [owed, strays] = await Promise.all([
          authority.outbox.owedFor(entity, ids),
          mirror.outbox.owedFor(entity, ids),
        ])
        const copies = byId(await mirror.outbox.images(entity, ids))
        const after = byId(await authority.outbox.images(entity, ids))
        for (const id of ids) {
          const found = unequal(entity, id, after.get(id), copies.get(id))
          if (!found) continue
          if (!isSameVersion(before.get(id), after.get(id)) || owed.has(id) || strays.has(id)) open.push(id)
          else decided.push(found)
        }
        return [before, copies, after].reduce((sum, images) => sum + weigh([...images.values()]), 0)
      },
      firstPart,
    )
    left = open
  }
  return { unequal: decided, undecided: left }
}
