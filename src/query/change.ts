import type { Entity, Leaf, Scope } from '../entity/entity.ts'
import { isEntity } from '../entity/leaf-at.ts'
import { checkFixed, parseElement, parseLeaf } from '../entity/new-record.ts'
import { CrossfadeError } from '../util/errors.ts'
import { type Arithmetic, type Inserted, Operation } from './operations.ts'

/** Where in a list an element is put: 0 before the first, -1 before the last; past an end, there. */
interface At {
  readonly at: number
}

/** What happens to one leaf. All changes of a patch see the record as it was before, and happen at once. */
export type Change =
  | { readonly op: 'set'; readonly leaf: Leaf; readonly value: unknown }
  | { readonly op: 'increment'; readonly leaf: Leaf; readonly by: number | bigint | string }
  | { readonly op: 'compute'; readonly leaf: Leaf; readonly value: Arithmetic }
  | { readonly op: 'min' | 'max'; readonly leaf: Leaf; readonly value: unknown }
  | { readonly op: 'append' | 'addToSet' | 'pull'; readonly leaf: Leaf; readonly value: unknown }
  | ({ readonly op: 'insert'; readonly leaf: Leaf; readonly value: unknown } & At)
  | { readonly op: 'pop'; readonly leaf: Leaf; readonly which: 'first' | 'last' }

/** @throws MISCONFIGURED: the application's code asks for what the mapping has not. */
export const refuse = (scope: Scope, path: string, why: string, hint = ''): never => {
  throw new CrossfadeError('MISCONFIGURED', `A patch of ${scope.name}.${path} ${why}.${hint}`)
}

/** Arithmetic is that of doubles, in which longs and decimals would lose digits. */
const scalar: Readonly<Record<'increment' | 'compute' | 'min' | 'max', ReadonlySet<string>>> = {
  increment: new Set(['int', 'float', 'long', 'decimal']),
  compute: new Set(['int', 'float']),
  min: new Set(['int', 'float', 'long', 'decimal', 'timestamp']),
  max: new Set(['int', 'float', 'long', 'decimal', 'timestamp']),
}

export const isOperation = (value: unknown): value is Operation => value instanceof Operation

/** @throws BAD_USER_INPUT for what is no place of a list. */
export function parsePlace(scope: Scope, path: string, operand: unknown): Inserted {
  const { value, at } = operand as Inserted // made by `insert`
  if (Number.isInteger(at) && Math.abs(at) < 2 ** 31) return { value, at }
  throw new CrossfadeError(
    'BAD_USER_INPUT',
    `${scope.name}.${path}: insert puts an element at a whole number, and not at ${String(at).slice(0, 40)}.`,
  )
}

export const parseEnd = (scope: Scope, path: string, operand: unknown): 'first' | 'last' =>
  operand === 'first' || operand === 'last' ? operand : refuse(scope, path, 'pops neither the first nor the last')

const isFixed = (scope: Scope, path: string): scope is Entity => isEntity(scope) && scope.fixed.has(path)

/**
 * @throws BAD_USER_INPUT for a value that is not of the leaf's kind, and for a part of the id; MISCONFIGURED for what the
 * leaf cannot do.
 */
export function changeOf(scope: Scope, leaf: Leaf, value: unknown): Change {
  if (leaf.ofId)
    throw new CrossfadeError('BAD_USER_INPUT', `${scope.name}.${leaf.path} is a part of the id, which never changes.`)
  if (!isOperation(value)) {
    const parsed = parseLeaf(scope, leaf, value ?? null)
    if (isFixed(scope, leaf.path)) checkFixed(scope, leaf.path, parsed)
    return { op: 'set', leaf, value: parsed }
  }
  if (isFixed(scope, leaf.path)) refuse(scope, leaf.path, 'changes what it is in all records')
  return isScalar(value.op) ? scalarChange(scope, leaf, value.op, value.operand) : listChange(scope, leaf, value)
}

const isScalar = (op: string): op is keyof typeof scalar => Object.hasOwn(scalar, op)

function scalarChange(scope: Scope, leaf: Leaf, op: keyof typeof scalar, operand: unknown): Change {
  if (leaf.list !== 'none' || !scalar[op].has(leaf.kind)) refuse(scope, leaf.path, `uses ${op} on a ${leaf.kind}`)
  // What an operation holds is typed where it is made, see `PatchOf`
  if (op === 'compute') return { op, leaf, value: operand as Arithmetic }
  if (op !== 'increment') return { op, leaf, value: parseLeaf(scope, { ...leaf, required: true }, operand) }
  // An amount is no stored value: -1 may mean null in the field and is still a step of one
  const by = parseLeaf(scope, { ...leaf, required: true, converter: {} }, operand)
  return { op, leaf, by: by as number | bigint | string }
}

function listChange(scope: Scope, leaf: Leaf, { op, operand }: Operation): Change {
  if (leaf.list === 'none') return refuse(scope, leaf.path, `uses ${op} on a value that is no list`)
  switch (op) {
    case 'append':
    case 'addToSet':
    case 'pull':
      return { op, leaf, value: parseElement(scope, leaf, operand) }
    case 'insert': {
      const { value, at } = parsePlace(scope, leaf.path, operand)
      return { op, leaf, value: parseElement(scope, leaf, value), at }
    }
    case 'pop':
      return { op, leaf, which: parseEnd(scope, leaf.path, operand) }
    default:
      return refuse(scope, leaf.path, `uses ${op} on a list of values`)
  }
}
