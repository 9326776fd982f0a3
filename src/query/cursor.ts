import { createHash } from 'node:crypto'
import { kindOf } from '../codec/kinds.ts'
import { canonicalValue } from '../entity/canonical-value.ts'
import type { Entity, Rec } from '../entity/entity.ts'
import { leafAt } from '../entity/leaf-at.ts'
import { leafValue } from '../entity/values.ts'
import { CrossfadeError } from '../util/errors.ts'
import type { Json } from '../util/json.ts'
import type { OrderKey } from './order.ts'

export const badCursor = (why: string): CrossfadeError =>
  new CrossfadeError('BAD_USER_INPUT', `The cursor ${why}. Use a cursor of the same field, order and API.`)

/** Ties a cursor to its list and order, and shows alteration; not a secret. */
function seal(list: string, order: readonly OrderKey[], values: string): string {
  const shape = order.map((key) => `${key.path} ${key.direction}`).join(',')
  return createHash('sha256').update(`${list}\n${shape}\n${values}`).digest('base64url').slice(0, 8)
}

/** A record's order keys in canonical form. */
export const keysOf = (entity: Entity, order: readonly OrderKey[], record: Rec): Json[] =>
  order.map(({ path }): Json => {
    const leaf = leafAt(entity, path)
    return canonicalValue(leaf, leafValue(record, leaf))
  })

/** What `keysOf` has made, as records hold it. @throws BAD_USER_INPUT for what it has not made. */
export const fromKeys = (entity: Entity, order: readonly OrderKey[], keys: readonly Json[]): unknown[] =>
  order.map(({ path }, index) => {
    const value = keys[index] ?? null
    return value === null ? null : kindOf(leafAt(entity, path)).fromJson(value)
  })

/** @param list names what the cursor is of. */
export function sealCursor(list: string, order: readonly OrderKey[], values: readonly Json[]): string {
  const text = JSON.stringify(values)
  return Buffer.from(seal(list, order, text) + text).toString('base64url')
}

/** What a cursor of the list holds. @throws BAD_USER_INPUT for a foreign or altered one. */
export function openCursor(list: string, order: readonly OrderKey[], length: number, cursor: string): readonly Json[] {
  const text = Buffer.from(cursor, 'base64url').toString()
  const body = text.slice(8)
  let values: unknown
  try {
    values = JSON.parse(body)
  } catch {
    throw badCursor('is not one of this API')
  }
  if (!Array.isArray(values) || values.length !== length || text.slice(0, 8) !== seal(list, order, body)) {
    throw badCursor('belongs to another list or order, or was altered')
  }
  return values
}

/**
 * An opaque position in an order: the record's order keys in canonical form, so it means the same in both stores and
 * after a change of stage. `order` must be total.
 */
export const encodeCursor = (entity: Entity, order: readonly OrderKey[], record: Rec): string =>
  sealCursor(entity.name, order, keysOf(entity, order, record))

/** The order keys that a cursor holds. @throws BAD_USER_INPUT for a foreign or altered cursor. */
export const decodeCursor = (entity: Entity, order: readonly OrderKey[], cursor: string): unknown[] =>
  fromKeys(entity, order, openCursor(entity.name, order, order.length, cursor))
