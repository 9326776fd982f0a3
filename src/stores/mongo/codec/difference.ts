import type { Document } from 'mongodb'
import { canonicalObjects } from '../../../compare/canonical.ts'
import { equalLists, sameJson } from '../../../compare/equal-json.ts'
import { canonicalValue } from '../../../entity/canonical-value.ts'
import type { Entity, Node, ObjectList, Rec } from '../../../entity/entity.ts'
import { type Members, membersOf } from '../../../entity/lists.ts'
import { isPlainObject, type Json, own, stableStringify } from '../../../util/json.ts'
import type { ElementRests } from '../../store.ts'
import { decodeLeaf, decodeObjects, follow, objectsIn } from './decode.ts'
import { encodeLeaf, encodeNodes, encodeObjects, merge } from './encode.ts'
import { objectOf } from './object-of.ts'
import { decodeListRests } from './rest.ts'
import { hasUnsound } from './unsound.ts'

/** A stored list can't be changed: other programs have to mend it first. */
export class Unwritable extends Error {
  constructor(path: string) {
    super(`${path} in MongoDB holds a date or text that no driver can write back as it is; mend it there`)
  }
}

/** Sets a value at a path below `prefix`; from the first step on whose object is missing, objects are made whole. */
function setDeep(document: Document, prefix: string, steps: readonly string[], value: unknown, $set: Document): void {
  let parent = document
  let index = 0
  for (; index < steps.length - 1; index++) {
    const object = objectOf(own(parent, steps[index]!))
    if (!object) break
    parent = object
  }
  const inner = steps.slice(index + 1).reduceRight<unknown>((nested, step) => ({ [step]: nested }), value)
  const path = [...(prefix ? [prefix] : []), ...steps.slice(0, index + 1)].join('.')
  const earlier = $set[path]
  $set[path] = isPlainObject(earlier) && isPlainObject(inner) ? merge(earlier, inner) : inner
}

/** Canonical objects have their members in one order; the order inside of json counts, that of a rest does not. */
const meaningOf = (object: Json, rest: Json | undefined): string =>
  `${JSON.stringify(object)} ${stableStringify(rest ?? null)}`

/** Objects of a list by what they mean; of one meaning the last first, so that `pop` gives them in their order. */
function byMeaning(objects: readonly Document[], decoded: readonly Json[], rests: readonly Json[]) {
  const found = new Map<string, Document[]>()
  for (let index = objects.length - 1; index >= 0; index--) {
    const meaning = meaningOf(decoded[index]!, rests[index])
    const same = found.get(meaning)
    if (same) same.push(objects[index]!)
    else found.set(meaning, [objects[index]!])
  }
  return found
}

/**
 * A list of objects as it is to be stored; undefined where the stored one means the same, with all that the mapping does
 * not name of its objects. Objects of the stored one that are still in it stay as they are, dirty or not.
 */
function changedObjects(list: ObjectList, raw: unknown, value: unknown, rests: readonly Json[] | undefined): unknown {
  const before = canonicalObjects(list, decodeObjects(list, raw, null))
  const restsBefore = decodeListRests(list, raw, null)
  const after = canonicalObjects(list, value)
  if (sameJson(before, after) && equalLists(restsBefore, rests)) return undefined
  const encoded = encodeObjects(list, value, rests)
  if (encoded === null || !Array.isArray(raw)) return encoded
  // They would be written back, and the driver can't
  if (hasUnsound(raw)) throw new Unwritable(list.mongo)
  const stored = byMeaning(objectsIn(raw), before ?? [], restsBefore ?? [])
  return encoded.map((object, index) => stored.get(meaningOf(after![index]!, rests?.[index]))?.pop() ?? object)
}

const joined = (prefix: string, steps: readonly string[]): string => [...(prefix ? [prefix] : []), ...steps].join('.')

/** Walks a stored document beside the record that it should decode to. */
class Difference {
  readonly $set: Document = {}
  readonly $unset: Record<string, true> = {}
  readonly #rests: ElementRests

  constructor(rests: ElementRests) {
    this.#rests = rests
  }

  walk(nodes: readonly Node[], stored: Document, record: Members, prefix: string): void {
    for (const node of nodes) {
      if (node.leaf?.ofId) continue
      const raw = follow(stored, node.steps)
      const object = node.embed && objectOf(raw)
      const value = record[node.key] ?? null
      const set = (encoded: unknown): void => setDeep(stored, prefix, node.steps, encoded, this.$set)
      if (node.leaf) {
        const before = canonicalValue(node.leaf, decodeLeaf(node.leaf, raw, null))
        if (sameJson(before, canonicalValue(node.leaf, value))) continue
        if (value === null && node.leaf.unique) this.$unset[joined(prefix, node.steps)] = true
        else set(encodeLeaf(node.leaf, value))
      } else if (node.list) {
        const changed = changedObjects(node.list, raw, value, this.#rests[node.list.path])
        if (changed !== undefined) set(changed)
      } else if (value === null) {
        if (object) set(null)
      } else if (object) {
        this.walk(node.nodes, object, membersOf(value), joined(prefix, node.steps))
      } else set(encodeNodes(node.nodes, membersOf(value), this.#rests))
    }
  }
}

/**
 * What must be set, and unset, so that the document decodes to the record. A stored value that already decodes to the wanted one
 * stays as it is, dirty or not, and so does everything that the mapping does not name.
 * A unique field that is null is unset: a sparse index would count null like a value.
 */
export function difference(entity: Entity, stored: Document, record: Rec, rests: ElementRests = {}): Difference {
  const walked = new Difference(rests)
  walked.walk(entity.nodes, stored, record, '')
  return walked
}
