import type { Document } from 'mongodb'
import { Refused } from '../../codec/refused.ts'
import type { Entity, Leaf } from '../../entity/entity.ts'
import { idLeaf } from '../../entity/leaf-at.ts'
import { isPlainObject } from '../../util/json.ts'
import type { KeyCondition, UniqueKey } from '../unique-key.ts'
import { mongoKind } from './codec/mongo-kinds.ts'
import { type MongoIndex, tellingKeys } from './indexes.ts'

/** A unique index that PostgreSQL cannot have, and why. */
export interface Untold {
  readonly index: MongoIndex
  readonly why: string
}

export interface UniqueKeys {
  readonly keys: readonly UniqueKey[]
  readonly untold: readonly Untold[]
}

/** Why an index has no twin; caught where it is asked for one. */
class Unsayable extends Error {}

const numbers = ['int', 'long', 'double', 'decimal']
type Compared = Extract<KeyCondition, { value: unknown }>['op']
const compared: Readonly<Record<string, Compared>> = { $eq: 'eq', $lt: 'lt', $lte: 'lte', $gt: 'gt', $gte: 'gte' }

function isOwnKind(leaf: Leaf, asked: unknown): boolean {
  const { types } = mongoKind(leaf)
  const all = [asked].flat().flatMap((each: unknown) => (each === 'number' ? numbers : [each]))
  return all.every(
    (each) => typeof each === 'string' && (types.includes(each) || (numbers.includes(each) && types.includes('int'))),
  )
}

function condition(leaf: Leaf, operator: string, raw: unknown): KeyCondition {
  if ((operator === '$exists' && raw === true) || (operator === '$type' && isOwnKind(leaf, raw)))
    return { op: 'present', leaves: [leaf] }
  const op = compared[operator]
  if (!op) throw new Unsayable(`its filter asks ${leaf.path} for ${operator}`)
  if (raw === null && op === 'eq') return { op: 'absent', leaf }
  const value = raw === null ? new Refused('is null') : mongoKind(leaf).decode(raw)
  if (value instanceof Refused) throw new Unsayable(`its filter compares ${leaf.path} with another kind of value`)
  return { op, leaf, value }
}

const isOperators = (value: unknown): value is Document =>
  isPlainObject(value) && Object.keys(value).every((key) => key.startsWith('$'))

/** A field with one value a record, which a column holds. */
function columnAt(entity: Entity, path: string): Leaf {
  const leaf = path === '_id' ? idLeaf(entity) : [...entity.leaves.values()].find(({ mongo }) => mongo === path)
  if (!leaf) throw new Unsayable(`the mapping names no column for ${path}`)
  if (leaf.list !== 'none') throw new Unsayable(`${leaf.path} is a list`)
  if (leaf.kind === 'json') throw new Unsayable(`${leaf.path} is json`)
  return leaf
}

/** @throws Unsayable */
function conditions(entity: Entity, filter: Document): KeyCondition[] {
  return Object.entries(filter).flatMap(([path, asked]): KeyCondition[] => {
    if (path === '$and') return asked.flatMap((each: Document) => conditions(entity, each))
    if (path.startsWith('$')) throw new Unsayable(`its filter uses ${path}`)
    const leaf = columnAt(entity, path)
    return Object.entries(isOperators(asked) ? asked : { $eq: asked }).map(([op, raw]) => condition(leaf, op, raw))
  })
}

/** @throws Unsayable */
function keyOf(entity: Entity, index: MongoIndex): UniqueKey {
  if (index.collation)
    throw new Unsayable(`its collation (${collationText(index.collation)}) takes different texts for one`)
  const special = index.keys.find(([, key]) => typeof key === 'string')
  if (special) throw new Unsayable(`it is a ${special[1]} index`)
  const leaves = tellingKeys(entity, index).map(([path]) => columnAt(entity, path))
  if (leaves.length === 0) throw new Unsayable('it lets the type have one record')
  const filter = index.filter ? conditions(entity, index.filter) : []
  const asked = index.sparse ? [...filter, { op: 'present', leaves } as const] : filter
  // A value that a converter takes for none is one to MongoDB's index, so that nulls cannot be counted as it does
  const free = (leaf: Leaf): boolean =>
    leaf.converter.nullIf !== undefined || asked.some((each) => isPresence(each, leaf))
  const many = leaves.every(free)
  const among = asked.filter((each) => !(many && leaves.some((leaf) => isPresence(each, leaf))))
  return { leaves, nulls: many ? 'many' : 'one', among, because: `MongoDB's index ${index.name}` }
}

const isPresence = (each: KeyCondition, leaf: Leaf): boolean =>
  each.op === 'present' && each.leaves.length === 1 && each.leaves[0] === leaf

export const collationText = (collation: Document): string =>
  [collation['locale'], `strength ${collation['strength'] ?? 3}`].join(', ')

const isOf = (key: UniqueKey, leaf: Leaf): boolean =>
  key.leaves.length === 1 && key.leaves[0] === leaf && key.among.length === 0

/**
 * The unique keys of a type: those of MongoDB's indexes, which are the truth while they exist, and those that the
 * mapping alone promises.
 */
export function uniqueKeys(entity: Entity, indexes: readonly MongoIndex[]): UniqueKeys {
  const keys: UniqueKey[] = []
  const untold: Untold[] = []
  for (const index of indexes) {
    if (!index.unique) continue
    try {
      const key = keyOf(entity, index)
      if (!key.leaves.some(({ path }) => path === 'id')) keys.push(key) // with the id every key is unique
    } catch (error) {
      if (!(error instanceof Unsayable)) throw error
      untold.push({ index, why: error.message })
    }
  }
  for (const leaf of entity.leaves.values()) {
    if (!leaf.unique || keys.some((key) => isOf(key, leaf))) continue
    const because = `${leaf.path} is unique in the mapping`
    keys.push({ leaves: [leaf], nulls: leaf.unique.nulls ?? 'many', among: [], because })
  }
  return { keys, untold }
}
