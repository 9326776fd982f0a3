import type { Document } from 'mongodb'
import { canonicalObjects, canonicalValue } from '../../../compare/canonical.ts'
import { equalJson } from '../../../compare/equal-json.ts'
import type { Entity, Id, Leaf, Node, ObjectList, Rec } from '../../../entity/entity.ts'
import { isPlainObject, type Json, stableStringify } from '../../../util/json.ts'
import type { ElementRests, Image } from '../../store.ts'
import { decodeLeaf, decodeObjects, follow, objectsIn } from './decode.ts'
import { mongoKind } from './mongo-kinds.ts'
import { objectOf } from './object-of.ts'
import { decodeListRests, encodeRest } from './rest.ts'

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

type Members = Readonly<Record<string, unknown>>

const withRest = (named: Document, rest: Json): Document => (rest === null ? named : merge(encodeRest(rest), named))

/** The objects of a list, with what the mapping does not name of each, where another store kept it. */
export function encodeObjects(list: ObjectList, value: unknown, rests: readonly Json[] = []): Document[] | null {
  if (value === null || value === undefined) return null
  return (value as Members[]).map((members, index) => withRest(encodeNodes(list.nodes, members), rests[index] ?? null))
}

function encodeNode(node: Node, value: unknown, rests: ElementRests): unknown {
  if (node.leaf) return encodeLeaf(node.leaf, value)
  if (node.list) return encodeObjects(node.list, value, rests[node.list.path])
  return encodeNodes(node.nodes, value as Members, rests)
}

/** A new document; nulls are left out, since null and missing are one. */
export function encodeNodes(nodes: readonly Node[], record: Members, rests: ElementRests = {}): Document {
  const document: Document = {}
  for (const node of nodes) {
    const value = record[node.key] ?? null
    if (value !== null) place(document, node.steps, encodeNode(node, value, rests))
  }
  return document
}

/** A new document with what the mapping does not name, as another store kept it. */
export function encodeWhole(entity: Entity, record: Rec, { rest, elementRests }: Image): Document {
  return withRest(encodeNodes(entity.nodes, record, elementRests), rest)
}

/** The outermost path that must be written whole, because an object on the way is missing or no object. */
function setDeep(document: Document, prefix: string, steps: readonly string[], value: unknown, $set: Document): void {
  let parent = document
  let index = 0
  for (; index < steps.length - 1; index++) {
    const object = objectOf(parent[steps[index]!])
    if (!object) break
    parent = object
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

/** Whether a stored list means the same, with all that the mapping does not name of its objects. */
function sameObjects(list: ObjectList, raw: unknown, value: unknown, rests: readonly Json[] | undefined): boolean {
  const same = equalJson(canonicalObjects(list, decodeObjects(list, raw, null)), canonicalObjects(list, value))
  return same && equalJson((decodeListRests(list, raw, null) ?? null) as Json, (rests ?? null) as Json)
}

/** The stored objects by what they mean, for those that a changed list still holds. */
function storedObjects(list: ObjectList, raw: unknown): Map<string, Document[]> {
  const found = new Map<string, Document[]>()
  if (!Array.isArray(raw)) return found
  const objects = objectsIn(raw)
  const decoded = canonicalObjects(list, decodeObjects(list, objects, null)) as Json[]
  const rests = decodeListRests(list, objects, null) ?? []
  objects.forEach((object, index) => {
    const meaning = stableStringify([decoded[index]!, rests[index] ?? null])
    found.set(meaning, [...(found.get(meaning) ?? []), object])
  })
  return found
}

/** A list as it is to be stored: objects of the stored one that are still in it stay as they are, dirty or not. */
function changedObjects(list: ObjectList, raw: unknown, value: unknown, rests: readonly Json[] = []): unknown {
  const encoded = encodeObjects(list, value, rests)
  if (encoded === null) return null
  const stored = storedObjects(list, raw)
  const wanted = canonicalObjects(list, value) as Json[]
  return encoded.map(
    (object, index) => stored.get(stableStringify([wanted[index]!, rests[index] ?? null]))?.shift() ?? object,
  )
}

/** Walks a stored document beside the record that it should decode to. */
class Difference {
  readonly $set: Document = {}
  readonly #rests: ElementRests

  constructor(rests: ElementRests) {
    this.#rests = rests
  }

  walk(nodes: readonly Node[], stored: Document, record: Members, prefix: string): void {
    for (const node of nodes) {
      const raw = follow(stored, node.steps)
      const object = node.embed && objectOf(raw)
      const value = record[node.key] ?? null
      const set = (encoded: unknown): void => setDeep(stored, prefix, node.steps, encoded, this.$set)
      if (node.leaf) {
        const before = canonicalValue(node.leaf, decodeLeaf(node.leaf, raw, null))
        if (!equalJson(before, canonicalValue(node.leaf, value))) set(encodeLeaf(node.leaf, value))
      } else if (node.list) {
        const rests = this.#rests[node.list.path]
        if (!sameObjects(node.list, raw, value, rests)) set(changedObjects(node.list, raw, value, rests))
      } else if (value === null) {
        if (object) set(null)
      } else if (object) {
        this.walk(node.nodes, object, value as Members, [...(prefix ? [prefix] : []), ...node.steps].join('.'))
      } else set(encodeNodes(node.nodes, value as Members, this.#rests))
    }
  }
}

/**
 * What must be set so that the document decodes to the record. A stored value that already decodes to the wanted one
 * stays as it is, dirty or not, and so does everything that the mapping does not name.
 */
export function difference(entity: Entity, stored: Document, record: Rec, rests: ElementRests = {}): Document {
  const difference = new Difference(rests)
  difference.walk(entity.nodes, stored, record, '')
  return difference.$set
}
