import { BSON, type Document } from 'mongodb'
import { canonicalValue } from '../../../compare/canonical.ts'
import { equalJson } from '../../../compare/equal-json.ts'
import type { Entity, Id, Leaf, Node, Rec } from '../../../entity/entity.ts'
import { isPlainObject, type Json } from '../../../util/json.ts'
import { decodeLeaf } from './decode.ts'
import { mongoKind } from './mongo-kinds.ts'

export function encodeId(entity: Entity, id: Id): unknown {
  return mongoKind(entity.idKind).encode(id)
}

export function encodeLeaf(leaf: Leaf, value: unknown): unknown {
  if (value === null || value === undefined) return null
  const { encode } = mongoKind(leaf.kind)
  return leaf.list === 'none' ? encode(value) : (value as unknown[]).map(encode)
}

function place(document: Document, steps: readonly string[], value: unknown): void {
  let target = document
  for (const step of steps.slice(0, -1)) {
    if (!isPlainObject(target[step])) target[step] = {}
    target = target[step] as Document
  }
  target[steps.at(-1)!] = value
}

/** A new document; nulls are left out, since null and missing are one. */
export function encodeNodes(nodes: readonly Node[], record: Readonly<Record<string, unknown>>): Document {
  const document: Document = {}
  for (const node of nodes) {
    const value = record[node.key] ?? null
    if (value === null) continue
    const encoded = node.leaf ? encodeLeaf(node.leaf, value) : encodeNodes(node.nodes, value as Record<string, unknown>)
    place(document, node.steps, encoded)
  }
  return document
}

/** A new document with what the mapping does not name, as another store kept it. */
export function encodeWhole(entity: Entity, record: Rec, rest: Json): Document {
  const named = encodeNodes(entity.nodes, record)
  return rest === null ? named : merge(BSON.EJSON.deserialize(rest as Document, { relaxed: false }) as Document, named)
}

function follow(document: unknown, steps: readonly string[]): unknown {
  let value = document
  for (const step of steps) value = isPlainObject(value) ? value[step] : undefined
  return value
}

/** The outermost path that must be written whole, because an object on the way is missing or no object. */
function setDeep(document: Document, prefix: string, steps: readonly string[], value: unknown, $set: Document): void {
  let parent: unknown = document
  let index = 0
  while (index < steps.length - 1 && isPlainObject((parent as Document)[steps[index]!])) {
    parent = (parent as Document)[steps[index]!]
    index++
  }
  const inner = steps.slice(index + 1).reduceRight<unknown>((nested, step) => ({ [step]: nested }), value)
  const path = [...(prefix ? [prefix] : []), ...steps.slice(0, index + 1)].join('.')
  const earlier = $set[path]
  $set[path] = isPlainObject(earlier) && isPlainObject(inner) ? merge(earlier, inner) : inner
}

function merge(a: Document, b: Document): Document {
  const merged = { ...a }
  for (const [key, value] of Object.entries(b)) {
    const earlier = merged[key]
    merged[key] = isPlainObject(earlier) && isPlainObject(value) ? merge(earlier, value) : value
  }
  return merged
}

function diff(nodes: readonly Node[], stored: Document, record: Rec, prefix: string, $set: Document): void {
  for (const node of nodes) {
    const raw = follow(stored, node.steps)
    const value = record[node.key] ?? null
    if (node.leaf) {
      const same = equalJson(
        canonicalValue(node.leaf, decodeLeaf(node.leaf, raw, null)),
        canonicalValue(node.leaf, value),
      )
      if (!same) setDeep(stored, prefix, node.steps, encodeLeaf(node.leaf, value), $set)
    } else if (value === null) {
      if (isPlainObject(raw)) setDeep(stored, prefix, node.steps, null, $set)
    } else if (isPlainObject(raw)) {
      diff(node.nodes, raw, value as Rec, [...(prefix ? [prefix] : []), ...node.steps].join('.'), $set)
    } else setDeep(stored, prefix, node.steps, encodeNodes(node.nodes, value as Rec), $set)
  }
}

/**
 * What must be set so that the document decodes to the record. A stored value that already decodes to the wanted one
 * stays as it is, dirty or not, and so does everything that the mapping does not name.
 */
export function difference(entity: Entity, stored: Document, record: Rec): Document {
  const $set: Document = {}
  diff(entity.nodes, stored, record, '', $set)
  return $set
}
