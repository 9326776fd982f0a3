import { BSON, type Document, Double } from 'mongodb'
import { z } from 'zod'
import { Refused } from '../codec/refused.ts'
import type { Entity, Id, Leaf } from '../entity/entity.ts'
import { leafAt } from '../entity/leaf-at.ts'
import { type Entry, parseAs } from '../stores/ledger.ts'
import { alive } from '../stores/mongo/bookkeeping.ts'
import { decodeId } from '../stores/mongo/codec/decode.ts'
import { encodeId } from '../stores/mongo/codec/encode.ts'
import { canonical, fromCanonical } from '../stores/mongo/codec/extended-json.ts'
import type { MongoConnection } from '../stores/mongo/connection.ts'
import { isPlainObject, type Json } from '../util/json.ts'

/** A stored value that was changed behind the gateway's back, with what it takes to change it back. */
export interface Drifted {
  readonly type: string
  readonly id: Id
  readonly path: string
  /** Extended JSON; absent where the path was missing. */
  readonly before?: Json
  readonly after: Json
}

const form: z.ZodType<Drifted> = z.object({
  type: z.string(),
  id: z.union([z.string(), z.number()]),
  path: z.string(),
  before: z.json().optional(),
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
      return new Double(typeof value === 'number' ? value + 0.5 : 0.5)
    case 'boolean':
      return value !== true
    case 'timestamp':
      return new Date((value instanceof Date ? value.getTime() : 0) + day)
    case 'json':
      return isPlainObject(value) ? { ...value, drifted: true } : { drifted: true }
    case 'objectId':
      return new BSON.ObjectId()
    default:
      return typeof value === 'string' ? `${value} (changed)` : 'changed'
  }
}

function changed(leaf: Leaf, value: unknown): unknown {
  if (leaf.list === 'none') return changedScalar(leaf, value)
  return [...(Array.isArray(value) ? value : []), changedScalar(leaf, null)]
}

function valueAt(document: Document, path: string): unknown {
  let value: unknown = document
  for (const step of path.split('.')) value = isPlainObject(value) ? value[step] : undefined
  return value
}

/**
 * Changes one field of the document at a place in id order, as a writer would that bypasses the gateway: no version, no
 * mark. Null where the document cannot hold the path, or is not part of the API.
 */
export async function driftDocument(
  connection: MongoConnection,
  entity: Entity,
  place: number,
  path: string,
): Promise<Drifted | null> {
  const leaf = leafAt(entity, path)
  const collection = connection.collection(entity)
  const [document] = await collection.find(alive, { sort: { _id: 1 }, skip: place, limit: 1 }).toArray()
  if (!document || leaf.parents.some((parent) => !isPlainObject(valueAt(document, parent)))) return null
  const id = decodeId(entity, document['_id'])
  if (id instanceof Refused) return null
  const raw = valueAt(document, leaf.mongo)
  const next = changed(leaf, raw)
  await collection.updateOne({ _id: document['_id'] }, { $set: { [leaf.mongo]: next } })
  const before = raw === undefined ? {} : { before: canonical(raw) }
  return { type: entity.name, id, path, ...before, after: canonical(next) }
}

/** Puts a drifted value back, where nobody has changed it since. */
export async function undoDrift(connection: MongoConnection, entity: Entity, drifted: Drifted): Promise<void> {
  const { mongo } = leafAt(entity, drifted.path)
  const back =
    drifted.before === undefined ? { $unset: { [mongo]: '' } } : { $set: { [mongo]: fromCanonical(drifted.before) } }
  const filter = { _id: encodeId(entity, drifted.id), [mongo]: { $eq: fromCanonical(drifted.after) } }
  await connection.collection(entity).updateOne(filter, back)
}
