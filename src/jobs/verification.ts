import { setTimeout as sleep } from 'node:timers/promises'
import type { Entity, Id } from '../entity/entity.ts'
import { fieldSet } from '../entity/field-set.ts'
import type { MongoStore } from '../stores/mongo/mongo-store.ts'
import type { PostgresStore } from '../stores/postgres/postgres-store.ts'
import type { Image, Store } from '../stores/store.ts'
import { compareVersions, formatVersion } from '../stores/version.ts'
import { type Origin, otherOrigin } from '../util/origin.ts'
import { unequalPaths } from './unequal.ts'

/**
 * - missing, extra: the mirror lacks the record, or has it alone.
 * - content: it differs at `paths`.
 * - version: equal content at unequal versions.
 */
export type DifferenceKind = 'missing' | 'extra' | 'content' | 'version'

/** One record that differs, and was not owed nor changed while it was looked at again. It holds no value. */
export interface RecordDifference {
  readonly id: Id
  readonly kind: DifferenceKind
  readonly paths: readonly string[]
  /** Of the authority and the mirror; null where there is no record. */
  readonly versions: readonly [string | null, string | null]
}

export interface VerifyOptions {
  readonly stores: { readonly mongo: MongoStore; readonly postgres: PostgresStore }
  readonly entity: Entity
  /** Records a batch; default 500. */
  readonly batch?: number
  readonly onProgress?: (compared: number) => void
  readonly signal?: AbortSignal
  /** Waits before a record that differs is looked at again, in milliseconds. */
  readonly recheckMs?: readonly number[]
}

const maxExamples = 20
const defaultRechecks = [50, 200, 1_000, 3_000]

/** How two copies differ; null where they do not. Tombstones are no records. */
function differenceOf(entity: Entity, id: Id, ours?: Image, theirs?: Image): RecordDifference | null {
  const [a, b] = [ours, theirs].map((image) => (image?.record ? image : undefined))
  if (!a && !b) return null
  const versions = [a, b].map((image) => (image ? formatVersion(image.version) : null)) as [
    string | null,
    string | null,
  ]
  if (!a || !b) return { id, kind: a ? 'missing' : 'extra', paths: [], versions }
  const paths = unequalPaths(entity, a, b)
  if (paths.length > 0) return { id, kind: 'content', paths, versions }
  return compareVersions(a.version, b.version) === 0 ? null : { id, kind: 'version', paths, versions }
}

const isSameVersion = (a?: Image, b?: Image): boolean =>
  a && b ? compareVersions(a.version, b.version) === 0 : a === b

const byId = (images: readonly Image[]): Map<Id, Image> => new Map(images.map((image) => [image.id, image]))

/** One verification, as far as it is. */
export class Verification {
  readonly #options: VerifyOptions
  readonly #authority: Store
  readonly #mirror: Store
  readonly different: Record<DifferenceKind, number> = { missing: 0, extra: 0, content: 0, version: 0 }
  readonly examples: RecordDifference[] = []
  compared = 0
  undecided = 0
  quarantined = 0

  constructor(options: VerifyOptions, from: Origin) {
    this.#options = options
    this.#authority = options.stores[from]
    this.#mirror = options.stores[otherOrigin(from)]
  }

  async #each(store: Store, look: (images: readonly Image[]) => Promise<void>): Promise<void> {
    const { entity, batch: limit = 500, signal } = this.#options
    let after: Id | null = null
    do {
      signal?.throwIfAborted()
      const scanned = await store.reader.scan(entity, { after, limit })
      if (store === this.#authority) this.quarantined += scanned.quarantined.length
      await look(scanned.images)
      after = scanned.next
    } while (after !== null)
  }

  async run(): Promise<void> {
    const { entity, onProgress } = this.#options
    await this.#each(this.#authority, async (images) => {
      const ids = images.map(({ id }) => id)
      const copies = byId(await this.#mirror.outbox.images(entity, ids))
      await this.#recheck(
        images.filter((each) => differenceOf(entity, each.id, each, copies.get(each.id))).map(({ id }) => id),
      )
      this.compared += images.length
      onProgress?.(this.compared)
    })
    await this.#each(this.#mirror, async (images) => {
      const ids = images.map(({ id }) => id)
      const there = await this.#authority.reader.byIds(entity, ids, fieldSet(entity, []))
      await this.#recheck(ids.filter((id) => !there.has(id)))
    })
  }

  /** What differs is looked at again: a write may have been on its way. */
  async #recheck(suspects: readonly Id[]): Promise<void> {
    const { entity, recheckMs = defaultRechecks, signal } = this.#options
    let left = suspects
    for (const ms of recheckMs) {
      if (left.length === 0) return
      await sleep(ms, undefined, { signal })
      // A record that was at one version throughout, and owed by neither store in between, was confirmed before its copy
      // was read. In any other order a put that comes between two reads is taken for a difference.
      const before = byId(await this.#authority.outbox.images(entity, left))
      const owed = await this.#authority.outbox.owedFor(entity, left)
      const strays = await this.#mirror.outbox.owedFor(entity, left)
      const copies = byId(await this.#mirror.outbox.images(entity, left))
      const after = byId(await this.#authority.outbox.images(entity, left))
      left = left.filter((id) => {
        const found = differenceOf(entity, id, after.get(id), copies.get(id))
        if (!found) return false
        const isStill = isSameVersion(before.get(id), after.get(id))
        if (!isStill || owed.has(id) || strays.has(id)) return true
        this.#note(found)
        return false
      })
    }
    this.undecided += left.length
  }

  #note(found: RecordDifference): void {
    this.different[found.kind]++
    if (this.examples.length < maxExamples) this.examples.push(found)
  }
}
