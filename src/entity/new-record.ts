import { badValue } from '../codec/bad-value.ts'
import { unpackId } from '../codec/composite-id.ts'
import { meansNull, writtenForm } from '../codec/converter.ts'
import { wholeNumber } from '../codec/decimal.ts'
import { kindOf } from '../codec/kinds.ts'
import { checkYear } from '../codec/timestamp.ts'
import { CrossfadeError } from '../util/errors.ts'
import { canonicalValue } from './canonical-value.ts'
import type { Entity, Id, Leaf, Node, ObjectList, Rec, Scope } from './entity.ts'
import { partShown } from './leaf-at.ts'
import { listOf } from './lists.ts'

/** Checks one value, or one element, that is not null. @throws BAD_USER_INPUT */
export function parseScalar(leaf: Leaf, value: unknown): unknown {
  const parsed = kindOf(leaf).parse(value)
  if (leaf.values && !leaf.values.some((each) => each === parsed)) {
    throw badValue(leaf.path, value, `one of ${leaf.values.join(', ')}`)
  }
  if (writtenForm(leaf.converter) === 'text') checkYear(parsed)
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
export function parseLeaf(scope: Scope, leaf: Leaf, value: unknown): unknown {
  const parsed = isNone(leaf, value) ? null : parseGiven(scope, leaf, value)
  // One value has several spellings, of which one may be named to mean null
  if (!isNone(leaf, parsed)) return parsed
  if (leaf.required) throw new CrossfadeError('BAD_USER_INPUT', `${scope.name}.${leaf.path} must not be null.`)
  return null
}

const isNone = (leaf: Leaf, value: unknown): boolean =>
  value === null || value === undefined || (leaf.list === 'none' && saysNull(leaf, value))

function parseGiven(scope: Scope, leaf: Leaf, value: unknown): unknown {
  try {
    if (leaf.list === 'none') return parseScalar(leaf, value)
    if (!Array.isArray(value)) throw new CrossfadeError('BAD_USER_INPUT', 'A list is expected.')
    return value.map((element) => {
      const parsed = saysNull(leaf, element) ? null : parseScalar(leaf, element)
      if (parsed === null || saysNull(leaf, parsed)) throw badValue('element', element, 'one that does not mean null')
      return parsed
    })
  } catch (error) {
    if (!(error instanceof CrossfadeError)) throw error
    throw new CrossfadeError(error.code, `${scope.name}.${leaf.path}: ${error.message}`, { cause: error })
  }
}

/** One element of a list, likewise. */
export const parseElement = (scope: Scope, leaf: Leaf, value: unknown): unknown =>
  listOf(parseLeaf(scope, leaf, [value]))![0]

type Input = Readonly<Record<string, unknown>>

/** The members of an object that is given for `nodes`. @throws BAD_USER_INPUT where it is none, or has others. */
export function membersOf(name: string, nodes: readonly Node[], value: unknown): Input {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new CrossfadeError('BAD_USER_INPUT', `${name}: an object is expected.`)
  for (const key of Object.keys(value)) {
    if (!nodes.some((node) => node.key === key))
      throw new CrossfadeError('BAD_USER_INPUT', `${name} has no field "${key}".`)
  }
  return Object.assign(Object.create(null), value) // names like `constructor` are on every object
}

/** Checks a list of objects, or null where it may be. @throws BAD_USER_INPUT */
export function parseObjects(list: ObjectList, value: unknown): readonly Input[] | null {
  if (value === null || value === undefined) {
    if (list.required) throw new CrossfadeError('BAD_USER_INPUT', `${list.name} must not be null.`)
    return null
  }
  if (!Array.isArray(value)) throw new CrossfadeError('BAD_USER_INPUT', `${list.name}: a list is expected.`)
  return value.map((element: unknown) => build(list, list.name, list.nodes, element))
}

function build(scope: Scope, name: string, nodes: readonly Node[], value: unknown): Record<string, unknown> {
  const input = membersOf(name, nodes, value)
  const record: Record<string, unknown> = {}
  for (const node of nodes) {
    const member = input[node.key]
    if (node.leaf) record[node.key] = parseLeaf(scope, node.leaf, member)
    else if (node.list) record[node.key] = parseObjects(node.list, member)
    else if (member !== null && member !== undefined)
      record[node.key] = build(scope, `${name}.${node.key}`, node.nodes, member)
    else if (node.embed.required) throw new CrossfadeError('BAD_USER_INPUT', `${name}.${node.key} must not be null.`)
    else record[node.key] = null
  }
  return record
}

/** @throws BAD_USER_INPUT for a value that would make it a record of another type. */
export function checkFixed({ name, fixed }: Entity, path: string, value: unknown): void {
  if (fixed.has(path) && fixed.get(path) !== value)
    throw new CrossfadeError('BAD_USER_INPUT', `${name}.${path} is ${JSON.stringify(fixed.get(path))} in each ${name}.`)
}

/** The fields that show parts of the id, each with what the id says. */
export function shownParts({ leaves, idParts }: Entity, id: Id): readonly (readonly [Leaf, unknown])[] {
  if (!idParts) return []
  const parts: Readonly<Record<string, unknown>> = unpackId(idParts, String(id))
  return [...leaves.values()].filter(({ ofId }) => ofId).map((leaf) => [leaf, parts[partShown(leaf)]])
}

/** @throws BAD_USER_INPUT for a field that says another part than the id. */
function checkPart({ name }: Entity, leaf: Leaf, part: unknown, value: unknown): void {
  const [said, given] = [part, value].map((each) => JSON.stringify(canonicalValue(leaf, each)))
  if (said !== given)
    throw new CrossfadeError('BAD_USER_INPUT', `${name}.${leaf.path} is ${given}, and ${said} in the id.`)
}

/**
 * A whole record from an application's values: fields left out are null, or what they are in all records, or in the id.
 *
 * @throws BAD_USER_INPUT
 */
export function newRecord(entity: Entity, id: Id, input: Input): Rec {
  const { name, nodes, fixed } = entity
  const parts = shownParts(entity, id)
  if (fixed.size + parts.length === 0) return { id, ...build(entity, name, nodes, input) }
  const members = membersOf(name, nodes, input)
  const known = new Map<string, unknown>([...fixed, ...parts.map(([{ path }, part]) => [path, part] as const)])
  const given = Object.entries(members).filter(([path, value]) => value !== undefined || !known.has(path))
  const record = build(entity, name, nodes, { ...Object.fromEntries(known), ...Object.fromEntries(given) })
  for (const path of fixed.keys()) checkFixed(entity, path, record[path])
  for (const [leaf, part] of parts) checkPart(entity, leaf, part, record[leaf.path])
  return { id, ...record }
}
