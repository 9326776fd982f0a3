import { z } from 'zod'
import { kindOf } from '../codec/kinds.ts'
import { canonicalAt } from '../compare/canonical.ts'
import { equalJson } from '../compare/equal-json.ts'
import type { Entity, Id, Leaf, Rec } from '../entity/entity.ts'
import { fieldSet } from '../entity/field-set.ts'
import { leafAt } from '../entity/leaf-at.ts'
import { type Members, mapValue } from '../entity/lists.ts'
import { valueAt } from '../entity/values.ts'
import { defaultScope } from '../query/default-scope.ts'
import { totalOrder } from '../query/order.ts'
import { type Entry, parseAs } from '../stores/ledger.ts'
import type { MongoStore } from '../stores/mongo/mongo-store.ts'
import type { PostgresStore } from '../stores/postgres/postgres-store.ts'
import { insertRows, replaceChildren } from '../stores/postgres/rows.ts'
import type { Image } from '../stores/store.ts'
import { isPlainObject, type Json } from '../util/json.ts'

/** A value that was changed in PostgreSQL alone, in canonical form, with what it takes to change it back. */
export interface Drifted {
  readonly type: string
  readonly id: Id
  readonly path: string
  readonly before: Json
  readonly after: Json
}

const form: z.ZodType<Drifted> = z.object({
  type: z.string(),
  id: z.union([z.string(), z.number()]),
  path: z.string(),
  before: z.json(),
  after: z.json(),
})

/** Null for an entry in another form. */
export const parseDrifted = ({ value }: Entry): Drifted | null => parseAs(form, value)

const day = 86_400_000

/** Another value of the same kind, whatever the present one is. */
function changedScalar(leaf: Leaf, value: unknown): unknown {
  switch (leaf.kind) {
    case 'int':
      return typeof value === 'number' ? value + 1 : 1
    case 'float':
      return typeof value === 'number' ? value + 0.5 : 0.5
    case 'boolean':
      return value !== true
    case 'timestamp':
      return new Date((value instanceof Date ? value.getTime() : 0) + day)
    case 'json':
      return isPlainObject(value) ? { ...value, drifted: true } : { drifted: true }
    default:
      return typeof value === 'string' ? `${value} (changed)` : 'changed'
  }
}

function changed(leaf: Leaf, value: unknown): unknown {
  if (leaf.list === 'none') return changedScalar(leaf, value)
  return [...(Array.isArray(value) ? value : []), changedScalar(leaf, null)]
}

/** The members with another value at a place; null where an object on the way is not there. */
function withValue(members: Members, [key, ...rest]: readonly string[], value: unknown): Members | null {
  if (rest.length === 0) return { ...members, [key!]: value }
  const inner = members[key!]
  const made = isPlainObject(inner) ? withValue(inner, rest, value) : null
  return made && { ...members, [key!]: made }
}

/** How many records readers show: a change to another would be seen by nobody. */
export const shownCount = ({ reader }: MongoStore, entity: Entity): Promise<number> =>
  reader.count(entity, defaultScope(entity))

/** The id of the one of them at a place in the order of ids; null where there is none. */
export async function shownAt({ reader }: MongoStore, entity: Entity, offset: number): Promise<Id | null> {
  const [order, fields] = [totalOrder(entity, []), fieldSet(entity, [])]
  const [found] = await reader.query(entity, { where: defaultScope(entity), order, offset, limit: 1, fields })
  return found?.record.id ?? null
}

/** The row is written at the version that it has, and owed to nobody: as a second write that somebody forgot. */
async function replaceRow({ connection }: PostgresStore, entity: Entity, image: Image, record: Rec): Promise<void> {
  const content = { ...image, record }
  await connection.transaction((tx) =>
    tx.commit([insertRows(entity, [content], 'same'), ...replaceChildren(entity, [content])]),
  )
}

/** Changes one field of a record in PostgreSQL alone. Null where the record cannot hold the path. */
export async function driftRow(store: PostgresStore, entity: Entity, id: Id, path: string): Promise<Drifted | null> {
  const leaf = leafAt(entity, path)
  const [image] = await store.outbox.images(entity, [id])
  if (!image?.record) return null
  const record = withValue(image.record, leaf.keys, changed(leaf, valueAt(image.record, leaf.keys))) as Rec | null
  if (!record) return null
  await replaceRow(store, entity, image, record)
  return { type: entity.name, id, path, before: canonicalAt(image.record, leaf), after: canonicalAt(record, leaf) }
}

/** Puts a drifted value back, where nobody has changed it since. */
export async function undoDrift(store: PostgresStore, entity: Entity, drifted: Drifted): Promise<void> {
  const leaf = leafAt(entity, drifted.path)
  const [image] = await store.outbox.images(entity, [drifted.id])
  if (!image?.record || !equalJson(canonicalAt(image.record, leaf), drifted.after)) return
  const { before } = drifted
  const value = before === null ? null : mapValue(leaf, before, (each) => kindOf(leaf).fromJson(each as Json))
  const record = withValue(image.record, leaf.keys, value) as Rec | null
  if (record) await replaceRow(store, entity, image, record)
}
