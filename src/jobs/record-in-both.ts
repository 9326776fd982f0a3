import { canonicalRecord, shownRecord } from '../compare/canonical.ts'
import { contentDifferences } from '../compare/content.ts'
import type { Entity, Id } from '../entity/entity.ts'
import { allFields } from '../entity/field-set.ts'
import type { Stores } from '../routing/routing.ts'
import { cut } from '../shadow/redact.ts'
import type { Image, LiveImage, Store } from '../stores/store.ts'
import { formatVersion } from '../stores/version.ts'
import type { Json } from '../util/json.ts'
import type { Origin } from '../util/origin.ts'

/** What a store has of a record. */
export interface StoredCopy {
  readonly version: string
  /** Its store owes it to the other one. */
  readonly isOwed: boolean
  readonly isDeleted: boolean
  /** Values that could not be carried. */
  readonly issues: readonly { readonly path: string; readonly rule: string }[]
}

/** One field as both stores have it; null also where a store has no record. */
export type FieldInBoth = Readonly<Record<Origin, Json>> & {
  readonly path: string
  readonly differs: boolean
}

/** A record as both stores have it now, without what the mapping hides. */
export interface RecordInBoth extends Readonly<Record<Origin, StoredCopy | null>> {
  readonly fields: readonly FieldInBoth[]
  /** Paths that differ and have no field: of what the mapping does not name. */
  readonly others: readonly string[]
}

interface Looked {
  readonly image: Image | null
  readonly isOwed: boolean
}

async function look({ outbox }: Store, entity: Entity, id: Id): Promise<Looked> {
  const [[image = null], owed] = await Promise.all([outbox.images(entity, [id]), outbox.owedFor(entity, [id])])
  return { image, isOwed: owed.size > 0 }
}

const copyOf = ({ image, isOwed }: Looked): StoredCopy | null =>
  image && {
    version: formatVersion(image.version),
    isOwed,
    isDeleted: image.record === null,
    issues: image.issues.map(({ path, rule }) => ({ path, rule })),
  }

const alive = (image: Image | null): LiveImage | null => (image?.record ? (image as LiveImage) : null)

/** By path, as conflicts show it; of a row as its columns have it. */
const shown = (entity: Entity, image: LiveImage | null) =>
  image &&
  (shownRecord(entity, canonicalRecord(entity, image.columns ?? image.record)) as Readonly<Record<string, Json>>)

/** @throws the error of a store that does not answer. */
export async function recordInBoth({ mongo, postgres }: Stores, entity: Entity, id: Id): Promise<RecordInBoth> {
  const looked = await Promise.all([look(mongo, entity, id), look(postgres, entity, id)])
  const [ours, theirs] = looked.map(({ image }) => alive(image))
  const found = ours && theirs ? contentDifferences(allFields(entity), ours, theirs).map(({ path }) => path) : []
  const [own, other] = [ours, theirs].map((image) => shown(entity, image ?? null))
  const paths = own || other ? [...entity.leaves.keys(), ...entity.lists.keys()] : []
  const isAt = (path: string, difference: string): boolean => difference === path || difference.startsWith(`${path}.`)
  const fields = paths.map((path) => ({
    path,
    mongo: cut(own?.[path] ?? null),
    postgres: cut(other?.[path] ?? null),
    differs: found.some((each) => isAt(path, each)),
  }))
  const others = found.filter((each) => !paths.some((path) => isAt(path, each)))
  return { mongo: copyOf(looked[0]), postgres: copyOf(looked[1]), fields, others }
}
