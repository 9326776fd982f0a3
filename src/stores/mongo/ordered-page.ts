import type { Document } from 'mongodb'
import { isSameKey } from '../../entity/canonical-value.ts'
import type { Entity } from '../../entity/entity.ts'
import { leafAt } from '../../entity/leaf-at.ts'
import { keyset } from '../../query/keyset.ts'
import { type OrderKey, reversed } from '../../query/order.ts'
import { allOf, everything, type Where } from '../../query/where.ts'
import type { Query } from '../store.ts'
import { allOf as both } from './all-of.ts'
import { isClean } from './clean-paths.ts'
import { decodeLeaf } from './codec/decode.ts'
import type { MongoConnection } from './connection.ts'
import { valuesOfType } from './documents-of.ts'
import { gives, orderIndexes, type StoredKey } from './order-indexes.ts'
import { translate } from './where.ts'

const either = (ranges: readonly Where[]): Where => (ranges.length === 1 ? ranges[0]! : { op: 'or', of: ranges })

/** All of what is asked, as one condition. */
export const whole = ({ where, ranges = [everything] }: Query): Where => allOf(where, either(ranges))

/** Paths that have one value each in all that a condition matches. */
function fixedPaths(entity: Entity, where: Where): string[] {
  if (where.op === 'and') return where.of.flatMap((part) => fixedPaths(entity, part))
  if ((where.op !== 'eq' && where.op !== 'in') || where.insensitive) return []
  const values = where.op === 'in' ? where.values : [where.value]
  return values.length === 1 && values[0] !== null ? [leafAt(entity, where.path).mongo] : []
}

/**
 * What an index does for an order: gives all of it, or all but the id, which is the last key; null where none does, or a
 * key must be computed.
 */
export async function servedBy(
  connection: MongoConnection,
  entity: Entity,
  { where, order }: Query,
): Promise<'total' | 'keys' | null> {
  if (!order.every(({ path }) => isClean(connection, entity, leafAt(entity, path)))) return null
  const stored = order.map(
    ({ path, direction }): StoredKey => [leafAt(entity, path).mongo, direction === 'asc' ? 1 : -1],
  )
  if (stored.length === 1) return 'total' // by the index of the ids
  const fixed = new Set([...fixedPaths(entity, where), ...Object.keys(valuesOfType(entity))])
  // Where they cannot be listed, which takes a right of its own, the server orders without our help
  const indexes = await orderIndexes(connection, entity).catch(() => [])
  if (indexes.some((index) => gives(index, stored, fixed))) return 'total'
  const keys = stored.slice(0, -1)
  return indexes.some((index) => gives(index, keys, fixed)) ? 'keys' : null
}

/** Documents of an order, behind so many others, at most so many; `keys`: of them and the id alone, and not all that is wanted. */
interface Stretch {
  readonly order: readonly OrderKey[]
  readonly offset: number
  readonly limit: number
  readonly keys?: readonly string[]
}

/** Asks the store for documents that match. */
export type Find = (match: Document, stretch: Stretch) => Promise<Document[]>

const at = (document: Document, path: string): unknown =>
  path.split('.').reduce<unknown>((value, key) => (value as Document | null | undefined)?.[key], document)

/**
 * A page of an order that an index serves: the ranges are asked for one after the other until it is full, each from its
 * beginning in the index. Another program's write between two of them may be met twice or not at all, as between pages.
 */
export async function orderedPage(
  connection: MongoConnection,
  entity: Entity,
  { ranges = [everything], order, offset = 0, limit }: Query,
  served: 'total' | 'keys',
  match: Document,
  find: Find,
): Promise<Document[]> {
  const within = (...ranges: readonly Where[]): Document =>
    both(match, translate(connection, entity, allOf(...ranges), true))
  const keys = order.slice(0, -1)
  const leaves = keys.map(({ path }) => leafAt(entity, path))

  const valuesOf = (head: Document): unknown[] =>
    leaves.map((leaf) => decodeLeaf({ ...leaf, required: false }, at(head, leaf.mongo), null))

  const isAlike = (one: readonly unknown[], other: readonly unknown[]): boolean =>
    leaves.every((leaf, index) => isSameKey(leaf, one[index], other[index]))

  /** What has the keys of two documents, the first and the last of some, or keys between them. */
  function span(first: readonly unknown[], last: readonly unknown[]): Where {
    const [low, high] = keys[0]!.direction === 'asc' ? [first[0], last[0]] : [last[0], first[0]]
    const { path } = keys[0]!
    // Two bounds are one range of the index; with a null at one end there are two
    const bounds: Where[] =
      low === null || high === null
        ? []
        : [
            { op: 'gte', path, value: low },
            { op: 'lte', path, value: high },
          ]
    if (keys.length === 1 && bounds.length > 0) return allOf(...bounds)
    return allOf(...bounds, either([...keyset(reversed(keys), last), alike(last)]))
  }
  const alike = (values: readonly unknown[]): Where =>
    allOf(...keys.map(({ path }, index): Where => ({ op: 'eq', path, value: values[index] })))

  /** A range by an index without the id: the index tells the keys of the page, and what has them is ordered by all keys. */
  async function byKeys(range: Where, left: number): Promise<Document[]> {
    const heads = await find(within(range), {
      order: keys,
      offset: 0, // which of those that are alike stand before the page only the id tells
      limit: offset + left,
      keys: leaves.map(({ mongo }) => mongo),
    })
    if (heads.length <= offset) return []
    // All that there are: they need not be looked for again
    if (offset === 0 && heads.length < left) {
      const found = both(within(range), { _id: { $in: heads.map(({ _id }) => _id) } })
      return find(found, { order, offset, limit: left })
    }
    const [first, last] = [valuesOf(heads[offset]!), valuesOf(heads.at(-1)!)]
    let before = offset // how many stand before all that are like the page's first, and need not be sorted with it
    while (before > 0 && isAlike(valuesOf(heads[before - 1]!), first)) before--
    const asked = { order, offset: offset - before, limit: left }
    // All of one kind: ordered by id alone, for which the server may find another index cheaper
    if (isAlike(first, last)) return find(within(range, alike(last)), { ...asked, order: order.slice(-1) })
    const from = before === 0 ? everything : either([...keyset(keys, first), alike(first)])
    return find(within(range, from, span(first, last)), asked)
  }

  const documents: Document[] = []
  for (const range of ranges) {
    const left = limit - documents.length
    if (left <= 0) break
    documents.push(
      ...(await (served === 'total' ? find(within(range), { order, offset, limit: left }) : byKeys(range, left))),
    )
  }
  return documents
}
