import type { Document } from 'mongodb'
import type { Entity, Leaf } from '../../entity/entity.ts'
import { type ListChange, mayLeaveAsItIs, type Patch } from '../../query/patch.ts'
import { encodeLeaf } from './codec/encode.ts'
import { patchStage } from './patch-pipeline.ts'
import { eachOf, numberOf, partsOf } from './told-apart.ts'

/** Keeps what a patch touches as it was, while the update runs: no mapping names what begins with `_cf`. */
const before = '_cf_before'

const numbers: ReadonlySet<string> = new Set(['int', 'float', 'long', 'decimal', 'longId'])

const hasParts = ({ kind }: Leaf): boolean => kind === 'json' || kind === 'compositeId'

/** What tells the numbers of a path apart. @param value an expression. */
const numbersOf = ({ list }: Leaf, value: string): Document | unknown[] =>
  list === 'none' ? numberOf(value) : eachOf(value, 'e', numberOf('$$e'))

/** The same conditions of two states: of what a patch touches, or may, those of all objects of a list. */
function numbersIn({ changes, lists }: Patch, state: string): unknown[] {
  const own = changes
    .filter(({ leaf }) => numbers.has(leaf.kind))
    .map(({ leaf }) => numbersOf(leaf, state + leaf.mongo))
  const ofObjects = lists.flatMap(({ list }) =>
    [...list.leaves.values()]
      .filter(({ kind }) => numbers.has(kind))
      .map((leaf) => eachOf(state + list.mongo, 'o', numbersOf(leaf, `$$o.${leaf.mongo}`))),
  )
  return [...own, ...ofObjects]
}

/** Conditions that what values with parts were is told from what they are set to; null where they cannot be. */
function partsIn({ changes, lists }: Patch, state: string): Document[] | null {
  const isWritten = ({ op }: ListChange): boolean => op === 'set' || op === 'change'
  if (lists.some((change) => isWritten(change) && [...change.list.leaves.values()].some(hasParts))) return null
  const found = changes.map((change) => {
    const { op, leaf } = change
    return op === 'set' && hasParts(leaf) ? partsOf(encodeLeaf(leaf, change.value), state + leaf.mongo) : []
  })
  return found.includes(null) ? null : found.flatMap((each) => each ?? [])
}

/**
 * True where texts are compared by their bytes, which the collection's own collation would do otherwise: type names are
 * of small letters, and words of all languages have them before Z. Of the document, so that no server works it out before
 * it knows the collation.
 */
const isBytewise: Document = { $lt: ['Z', { $type: '$_id' }] }

/**
 * Whether what a patch touches is as it was, as an expression: to the last bit, since a change that is taken for none would
 * never be mirrored. What only values that are equal have is asked behind that.
 */
function isAsBefore(members: readonly string[], patch: Patch, parts: readonly Document[]): Document {
  const [was, is] = [`$${before}.`, '$']
  const equal = members.map((name) => ({ $eq: [was + name, is + name] }))
  const alike = { $eq: [numbersIn(patch, was), numbersIn(patch, is)] }
  return { $cond: [{ $and: [isBytewise, ...equal] }, { $and: [alike, ...parts] }, false] }
}

/**
 * The update of a patch. A document that it leaves as it was keeps its bookkeeping, so that nothing is owed.
 *
 * @param next the bookkeeping of a change. @param kept that of a document that stays as it was.
 */
export function patchStages(
  entity: Entity,
  patch: Patch,
  next: Document,
  kept: Document | string = '$_cf',
): Document[] {
  const changes = patchStage(entity, patch)
  const parts = mayLeaveAsItIs(patch) ? partsIn(patch, `$${before}.`) : null
  if (!parts) return [{ $set: { ...changes, _cf: next } }]
  const members = Object.keys(changes)
  if (members.length === 0) return [{ $set: { _cf: kept } }]
  return [
    { $set: { [before]: Object.fromEntries(members.map((name) => [name, `$${name}`])) } },
    { $set: changes },
    { $set: { _cf: { $cond: [isAsBefore(members, patch, parts), kept, next] } } },
    { $unset: before },
  ]
}
