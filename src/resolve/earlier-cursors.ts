import type { GraphQLResolveInfo } from 'graphql'
import { canonicalValue, isSameKey } from '../entity/canonical-value.ts'
import type { Entity, Id } from '../entity/entity.ts'
import { leafAt } from '../entity/leaf-at.ts'
import { parseId } from '../entity/parse-id.ts'
import { leafValue } from '../entity/values.ts'
import { badCursor, decodeCursor, encodeCursor, sealCursor } from '../query/cursor.ts'
import { type OrderKey, totalOrder } from '../query/order.ts'
import { type PageArgs, within } from '../query/page.ts'
import { parseValue } from '../query/where.ts'
import { CrossfadeError } from '../util/errors.ts'
import { isPlainObject } from '../util/json.ts'
import type { Among } from './among.ts'
import type { GatewayContext } from './context.ts'
import type { CursorPlace, EarlierCursors } from './cursor-place.ts'
import { loadParsed } from './load.ts'
import { boundsHere } from './page-bounds.ts'

function isOurs(entity: Entity, order: readonly OrderKey[], cursor: string): boolean {
  try {
    decodeCursor(entity, order, cursor)
    return true
  } catch (error) {
    if (error instanceof CrossfadeError) return false
    throw error
  }
}

/** @throws BAD_USER_INPUT for a key that is missing, or whose value is of another kind. */
function cursorAt(entity: Entity, order: readonly OrderKey[], given: unknown): string {
  const keys = isPlainObject(given) ? given : {}
  const values = order.map(({ path }) => {
    const value = Object.hasOwn(keys, path) ? keys[path] : undefined
    if (value === undefined || (path === 'id' && value === null))
      throw badCursor(`says nothing of ${path}, by which the list is ordered`)
    return canonicalValue(leafAt(entity, path), parseValue(entity, path, value))
  })
  return sealCursor(entity.name, order, values)
}

/** Arguments of a page whose cursors are all ours, and how many records it leaves out behind `after`. */
export interface Placed {
  readonly args: PageArgs
  readonly offset: number
}

/** What pages are asked for. */
export interface AskedPage {
  readonly context: GatewayContext
  readonly info: GraphQLResolveInfo
  readonly entity: Entity
  readonly order: readonly OrderKey[]
  readonly args: PageArgs
  /** Which records the field shows, whatever clients ask for: a cursor stands at no other. */
  readonly where: Among['where']
  /** Of children: what their parent's have at a path, in the form of its kind. */
  readonly parent?: { readonly path: string; readonly value: unknown }
}

/** What a decoder has made of a cursor. @throws MISCONFIGURED for what is no place. */
function placeOf(earlier: EarlierCursors, cursor: string): CursorPlace | null {
  let place: unknown
  try {
    place = earlier.decode(cursor)
  } catch {
    return null // it cannot read what a client has made up
  }
  if (place === null || place === undefined) return null
  if (isPlainObject(place) && ['id', 'keys', 'offset'].some((name) => Object.hasOwn(place, name)))
    return place as unknown as CursorPlace
  throw new CrossfadeError('MISCONFIGURED', 'What reads earlier cursors returns { id }, { keys }, { offset } or null.')
}

/** The record at which a cursor stands, as far as the order goes; null where the field shows none such. */
async function recordAt({ context, info, entity, where, parent }: AskedPage, order: readonly OrderKey[], id: Id) {
  const paths = order.flatMap(({ path }) => (path === 'id' ? [] : [path]))
  // What the mapping's own scope hides, since it may have been shown when the cursor was made
  const options = { reading: parent ? [...paths, parent.path] : paths, unscoped: true, ...(where ? { where } : {}) }
  const record = await loadParsed(context, info, entity, 'id', id, options)
  if (!record || !parent) return record
  const leaf = leafAt(entity, parent.path)
  return isSameKey(leaf, leafValue(record, leaf), parent.value) ? record : null
}

/**
 * The page that is asked for, by cursors of ours.
 *
 * @throws BAD_USER_INPUT for a cursor whose record is gone, or is shown by no such field, and for one by an offset that does
 * not lead forwards, or too far.
 */
export async function placed(earlier: EarlierCursors, page: AskedPage): Promise<Placed> {
  const { entity, args, info } = page
  const order = totalOrder(entity, page.order)

  async function own(cursor: string | null | undefined): Promise<string | number | null | undefined> {
    if (cursor === null || cursor === undefined || isOurs(entity, order, cursor)) return cursor
    const place = placeOf(earlier, cursor)
    if (!place) return cursor // refused as any other
    if ('offset' in place) return typeof place.offset === 'number' ? place.offset : Number.NaN
    if ('keys' in place) return cursorAt(entity, order, place.keys)
    const id = parseId(entity, place.id)
    if (order.length === 1) return cursorAt(entity, order, { id })
    const record = await recordAt(page, order, id)
    if (!record) throw badCursor('stands at a record that is gone')
    return encodeCursor(entity, order, record)
  }

  const [after, before] = [await own(args.after), await own(args.before)]
  if (typeof before === 'number' || (typeof after === 'number' && (args.last != null || before != null)))
    throw new CrossfadeError('BAD_USER_INPUT', 'A cursor that counts records leads forwards alone: by first and after.')
  if (typeof after !== 'number') return { args: { ...args, after, before }, offset: 0 }
  const offset = within('The records before the page', after + 1, 0, boundsHere(info).maxOffset)
  return { args: { ...args, after: null }, offset }
}
