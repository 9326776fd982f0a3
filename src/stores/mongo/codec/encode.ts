import { BSON, type Document } from 'mongodb'
import type { Entity, Id, Leaf, Node, ObjectList, Rec } from '../../../entity/entity.ts'
import { type Members, mapValue, membersOf, objectsOf } from '../../../entity/lists.ts'
import { isPlainObject, type Json } from '../../../util/json.ts'
import { weigh } from '../../../util/weigh.ts'
import type { ElementRests, Image } from '../../store.ts'
import type { StoredId } from '../stored.ts'
import { mongoIdKind, mongoKind } from './mongo-kinds.ts'
import { encodeRest } from './rest.ts'

export function encodeId(entity: Entity, id: Id): StoredId {
  return mongoIdKind(entity).encode(id)
}

export function encodeLeaf(leaf: Leaf, value: unknown): unknown {
  if (value === null || value === undefined) return null
  const { encode } = mongoKind(leaf)
  return mapValue(leaf, value, encode)
}

function place(document: Document, steps: readonly string[], value: unknown): void {
  let target = document
  for (const step of steps.slice(0, -1)) {
    if (!isPlainObject(target[step])) target[step] = {}
    target = target[step]
  }
  target[steps.at(-1)!] = value
}

const withRest = (named: Document, rest: Json): Document => (rest === null ? named : merge(encodeRest(rest), named))

/** The objects of a list, with what the mapping does not name of each, where another store kept it. */
export function encodeObjects(list: ObjectList, value: unknown, rests: readonly Json[] = []): Document[] | null {
  const objects = objectsOf(value)
  return objects?.map((each, index) => withRest(encodeNodes(list.nodes, each), rests[index] ?? null)) ?? null
}

function encodeNode(node: Node, value: unknown, rests: ElementRests): unknown {
  if (node.leaf) return encodeLeaf(node.leaf, value)
  if (node.list) return encodeObjects(node.list, value, rests[node.list.path])
  return encodeNodes(node.nodes, membersOf(value), rests)
}

/** A new document; nulls are left out, since null and missing are one. */
export function encodeNodes(nodes: readonly Node[], record: Members, rests: ElementRests = {}): Document {
  const document: Document = {}
  for (const node of nodes) {
    const value = record[node.key] ?? null
    if (value !== null && !node.leaf?.ofId) place(document, node.steps, encodeNode(node, value, rests))
  }
  return document
}

/** A new document with what the mapping does not name, as another store kept it. */
export function encodeWhole(entity: Entity, record: Rec, { rest, elementRests }: Image): Document {
  return withRest(encodeNodes(entity.nodes, record, elementRests), rest)
}

/** What a document may take; bookkeeping is added to it. Source: MongoDB manual, "MongoDB Limits and Thresholds". */
const maxBytes = 16 * 1024 * 1024 - 1024

/** Whether MongoDB refuses a document for its size. */
export const isTooLarge = (document: Document): boolean =>
  weigh(document) > maxBytes / 4 && BSON.calculateObjectSize(document) > maxBytes

export const tooLarge = 'it is larger than the 16 MB that MongoDB allows'

export function merge(a: Document, b: Document): Document {
  const merged = { ...a }
  for (const [key, value] of Object.entries(b)) {
    const earlier = merged[key]
    merged[key] = isPlainObject(earlier) && isPlainObject(value) ? merge(earlier, value) : value
  }
  return merged
}
