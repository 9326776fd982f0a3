import { createHash } from 'node:crypto'
import { kindOf } from '../codec/kinds.ts'
import { canonicalValue } from '../entity/canonical-value.ts'
import type { Entity, Rec } from '../entity/entity.ts'
import { leafAt } from '../entity/leaf-at.ts'
import { leafValue } from '../entity/values.ts'
import { CrossfadeError } from '../util/errors.ts'
import type { Json } from '../util/json.ts'
import type { OrderKey } from './order.ts'

const bad = (why: string): CrossfadeError =>
  new CrossfadeError('BAD_USER_INPUT', `The cursor ${why}. Use a cursor of the same field, order and API.`)

/** Ties a cursor to its entity and order, and shows alteration; not a secret. */
function seal(entity: Entity, order: readonly OrderKey[], values: string): string {
  const shape = order.map((key) => `${key.path} ${key.direction}`).join(',')
  return createHash('sha256').update(`${entity.name}\n${shape}\n${values}`).digest('base64url').slice(0, 8)
}

/**
 * An opaque position in an order: the record's order keys in canonical form, so it means the same in both stores and
 * after a change of stage. `order` must be total.
 */
export function encodeCursor(entity: Entity, order: readonly OrderKey[], record: Rec): string {
  const values = order.map(({ path }): Json => {
    const leaf = leafAt(entity, path)
    return canonicalValue(leaf, leafValue(record, leaf))
  })
  const text = JSON.stringify(values)
  return Buffer.from(seal(entity, order, text) + text).toString('base64url')
}

/** The order keys that a cursor holds. @throws BAD_USER_INPUT for a foreign or altered cursor. */
export function decodeCursor(entity: Entity, order: readonly OrderKey[], cursor: string): unknown[] {
  const text = Buffer.from(cursor, 'base64url').toString()
  const body = text.slice(8)
  let values: unknown
  try {
    values = JSON.parse(body)
  } catch {
    throw bad('is not one of this API')
  }
  if (!Array.isArray(values) || values.length !== order.length || text.slice(0, 8) !== seal(entity, order, body)) {
    throw bad('belongs to another list or order, or was altered')
  }
  return values.map((value: Json, index) => {
    const leaf = leafAt(entity, order[index]!.path)
    return value === null ? null : kindOf(leaf.kind).fromJson(value)
  })
}
