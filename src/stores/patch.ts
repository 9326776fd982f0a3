import type { Entity, Leaf } from '../entity/entity.ts'
import { parseLeaf } from '../entity/new-record.ts'
import { CrossfadeError } from '../util/errors.ts'

/** Arithmetic over the record's own numbers before the patch; null counts as 0. */
export type Arithmetic =
  | number
  | { readonly path: string }
  | { readonly op: 'add' | 'subtract' | 'multiply' | 'divide'; readonly left: Arithmetic; readonly right: Arithmetic }

/** What happens to one leaf. All changes of a patch see the record as it was before, and happen at once. */
export type Change =
  | { readonly op: 'set'; readonly leaf: Leaf; readonly value: unknown }
  | { readonly op: 'increment'; readonly leaf: Leaf; readonly by: number | bigint }
  | { readonly op: 'append' | 'addToSet' | 'pull'; readonly leaf: Leaf; readonly value: unknown }
  | { readonly op: 'compute'; readonly leaf: Leaf; readonly value: Arithmetic }

/** A patch in normal form: at most one change a leaf, and which embedded objects it makes or removes. */
export interface Patch {
  readonly changes: readonly Change[]
  /** Embedded objects by path: true where the change makes sure that it is there, false where it makes it null. */
  readonly presence: ReadonlyMap<string, boolean>
}

/** A change without its place, as mutations write it: `{ votes: increment(1) }`. */
export class Operation {
  readonly op: Exclude<Change['op'], 'set'>
  readonly operand: unknown

  constructor(op: Operation['op'], operand: unknown) {
    this.op = op
    this.operand = operand
  }
}

export const increment = (by: number | bigint): Operation => new Operation('increment', by)
export const append = (value: unknown): Operation => new Operation('append', value)
export const addToSet = (value: unknown): Operation => new Operation('addToSet', value)
export const pull = (value: unknown): Operation => new Operation('pull', value)
export const compute = (value: Arithmetic): Operation => new Operation('compute', value)

export const field = (path: string): Arithmetic => ({ path })
const binary =
  (op: 'add' | 'subtract' | 'multiply' | 'divide') =>
  (left: Arithmetic, right: Arithmetic): Arithmetic => ({ op, left, right })
export const add = binary('add')
export const subtract = binary('subtract')
export const multiply = binary('multiply')
export const divide = binary('divide')

const refuse = (entity: Entity, path: string, why: string): never => {
  throw new CrossfadeError('MISCONFIGURED', `A patch of ${entity.name}.${path} ${why}.`)
}

/** Arithmetic is that of doubles, which a long would lose digits in; a decimal's sum is rounded by one store alone. */
const numeric: Record<'increment' | 'compute', ReadonlySet<string>> = {
  increment: new Set(['int', 'float', 'long']),
  compute: new Set(['int', 'float']),
}

function changeOf(entity: Entity, leaf: Leaf, value: unknown): Change {
  if (!(value instanceof Operation)) return { op: 'set', leaf, value: parseLeaf(entity, leaf, value ?? null) }
  const { op, operand } = value
  if (op === 'increment' || op === 'compute') {
    if (leaf.list !== 'none' || !numeric[op].has(leaf.kind)) refuse(entity, leaf.path, `uses ${op} on a ${leaf.kind}`)
    if (op === 'compute') return { op, leaf, value: operand as Arithmetic }
    // An amount is no stored value: -1 may mean null in the field and is still a step of one
    return { op, leaf, by: parseLeaf(entity, { ...leaf, required: true, converter: {} }, operand) as number | bigint }
  }
  if (leaf.list === 'none') refuse(entity, leaf.path, `uses ${op} on a value that is no list`)
  return { op, leaf, value: (parseLeaf(entity, leaf, [operand]) as unknown[])[0] }
}

function memberOf(members: unknown, keys: readonly string[]): unknown {
  let value = members
  for (const key of keys) value = (value as Record<string, unknown> | null)?.[key] ?? null
  return value
}

/**
 * Normalises what a mutation wrote: record paths (dotted for members) to values, null, or operations.
 *
 * @throws CrossfadeError BAD_USER_INPUT for a value that is not of its field's kind; MISCONFIGURED for an operation
 * that the field does not have.
 */
export function planPatch(entity: Entity, input: Readonly<Record<string, unknown>>): Patch {
  const changes: Change[] = []
  const presence = new Map<string, boolean>()
  const touch = (leaf: Leaf, change: Change): void => {
    if (changes.some((earlier) => earlier.leaf === leaf)) refuse(entity, leaf.path, 'changes the field twice')
    changes.push(change)
  }
  const applyEmbed = (path: string, members: unknown): void => {
    presence.set(path, members !== null)
    const inside = (inner: string): boolean => inner.startsWith(`${path}.`)
    const memberAt = (inner: string): unknown => memberOf(members, inner.slice(path.length + 1).split('.'))
    for (const leaf of entity.leaves.values()) {
      if (!inside(leaf.path)) continue
      const value = memberAt(leaf.path)
      // Inside an object that is removed, a required member may be null.
      touch(leaf, members === null ? { op: 'set', leaf, value: null } : changeOf(entity, leaf, value))
    }
    for (const inner of entity.embeds.keys()) if (inside(inner)) presence.set(inner, memberAt(inner) !== null)
  }
  const apply = (path: string, value: unknown): void => {
    for (const outer of entity.embeds.keys()) if (path.startsWith(`${outer}.`)) presence.set(outer, true)
    const leaf = entity.leaves.get(path)
    if (leaf) touch(leaf, changeOf(entity, leaf, value))
    else if (entity.embeds.has(path)) applyEmbed(path, value)
    else refuse(entity, path, 'names no field')
  }
  for (const [path, value] of Object.entries(input)) if (value !== undefined) apply(path, value)
  return { changes, presence }
}
