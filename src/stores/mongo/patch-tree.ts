import type { Document } from 'mongodb'

/** A step's subtree: the new value of a leaf, or the members that change below it. */
export interface Tree {
  value?: unknown
  /** The value goes: a sparse index would count null like a value. */
  unset?: boolean
  /** False: the object itself becomes null. */
  present?: boolean
  members: Map<string, Tree>
}

export const tree = (): Tree => ({ members: new Map() })

export function at(root: Tree, path: string): Tree {
  let node = root
  for (const step of path.split('.')) {
    let next = node.members.get(step)
    if (!next) node.members.set(step, (next = tree()))
    node = next
  }
  return node
}

/**
 * Null, but for what is null or missing already: the two are one, and nothing is changed where it stays.
 * Stand-in (SecantusDB): what an object of a list lacks is written as null, which it takes it for.
 */
const nullAt = (path: string): Document => ({
  $cond: [{ $eq: [{ $ifNull: [`$${path}`, null] }, null] }, `$${path}`, null],
})

/**
 * The expression for one step. Members are merged into the object that is there, or into a new one: the pipeline form
 * of `$set` through a null parent silently does nothing.
 */
export function assemble(node: Tree, path: string): unknown {
  if (node.unset) return '$$REMOVE'
  if (node.value !== undefined) return { $ifNull: [node.value, nullAt(path)] }
  if (node.present === false) return nullAt(path)
  const members: Document = {}
  const unset: string[] = []
  for (const [step, member] of node.members) {
    if (member.unset) unset.push(step)
    else members[step] = assemble(member, `${path}.${step}`)
  }
  const merged = (object: unknown): unknown => {
    const changed = Object.keys(members).length > 0 ? { $mergeObjects: [object, members] } : object
    if (unset.length === 0) return changed
    // Stand-in (SecantusDB): not $unsetField, which it has not
    const kept = { $not: [{ $in: ['$$m.k', { $literal: unset }] }] }
    return { $arrayToObject: { $filter: { input: { $objectToArray: changed }, as: 'm', cond: kept } } }
  }
  const isObject = { $eq: [{ $type: `$${path}` }, 'object'] }
  if (node.present) return merged({ $cond: [isObject, `$${path}`, {}] })
  // No object of the mapping: what stands there in the place of one is lost only to a value
  const nothing = { $and: Object.values(members).map((value) => ({ $lte: [value, null] })) }
  const made = { $cond: [nothing, `$${path}`, members] }
  return { $cond: [isObject, merged(`$${path}`), made] }
}
