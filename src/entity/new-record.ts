import { badValue } from '../codec/bad-value.ts'
import { meansNull } from '../codec/converter.ts'
import { wholeNumber } from '../codec/decimal.ts'
import { kindOf } from '../codec/kinds.ts'
import { CrossfadeError } from '../util/errors.ts'
import type { Entity, Id, Leaf, Node, Rec } from './entity.ts'

/** Checks one value, or one element, that is not null. @throws BAD_USER_INPUT */
export function parseScalar(leaf: Leaf, value: unknown): unknown {
  const parsed = kindOf(leaf.kind).parse(value)
  if (leaf.values && !leaf.values.includes(parsed as string)) {
    throw badValue(leaf.path, value, `one of ${leaf.values.join(', ')}`)
  }
  return parsed
}

/** Decimals are text in records; a number that means null is met as the number that the text says. */
function saysNull({ kind, converter }: Leaf, value: unknown): boolean {
  return meansNull(converter, kind === 'decimal' && typeof value === 'string' ? (wholeNumber(value) ?? value) : value)
}

/**
 * Checks one value for a leaf: a kind's value, a list of them, or null where the field may be. A value that the
 * converter means as null is null when it is written, too: stores that keep it apart would read it differently.
 */
export function parseLeaf(entity: Entity, leaf: Leaf, value: unknown): unknown {
  if (value === null || value === undefined || (leaf.list === 'none' && saysNull(leaf, value))) {
    if (leaf.required) throw new CrossfadeError('BAD_USER_INPUT', `${entity.name}.${leaf.path} must not be null.`)
    return null
  }
  try {
    if (leaf.list === 'none') return parseScalar(leaf, value)
    if (!Array.isArray(value)) throw new CrossfadeError('BAD_USER_INPUT', 'A list is expected.')
    return value.map((element) => {
      if (saysNull(leaf, element)) throw badValue('element', element, 'one that does not mean null')
      return parseScalar(leaf, element)
    })
  } catch (error) {
    if (!(error instanceof CrossfadeError)) throw error
    throw new CrossfadeError(error.code, `${entity.name}.${leaf.path}: ${error.message}`, { cause: error })
  }
}

function build(
  entity: Entity,
  nodes: readonly Node[],
  input: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const record: Record<string, unknown> = {}
  for (const node of nodes) {
    const value = input[node.key]
    if (node.leaf) record[node.key] = parseLeaf(entity, node.leaf, value)
    else if (value === null || value === undefined) record[node.key] = null
    else record[node.key] = build(entity, node.nodes, value as Record<string, unknown>)
  }
  return record
}

/** A whole record from an application's values: fields left out are null. @throws BAD_USER_INPUT */
export function newRecord(entity: Entity, id: Id, input: Readonly<Record<string, unknown>>): Rec {
  for (const key of Object.keys(input)) {
    if (!(key in entity.fields)) throw new CrossfadeError('BAD_USER_INPUT', `${entity.name} has no field "${key}".`)
  }
  return { id, ...build(entity, entity.nodes, input) }
}
