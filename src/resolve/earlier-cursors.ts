import type { GraphQLResolveInfo } from 'graphql'
import { canonicalValue } from '../entity/canonical-value.ts'
import type { Entity } from '../entity/entity.ts'
import { leafAt } from '../entity/leaf-at.ts'
import { parseId } from '../entity/parse-id.ts'
import { badCursor, decodeCursor, encodeCursor, sealCursor } from '../query/cursor.ts'
import { type OrderKey, totalOrder } from '../query/order.ts'
import { type PageArgs, within } from '../query/page.ts'
import { parseValue } from '../query/where.ts'
import { CrossfadeError } from '../util/errors.ts'
import type { GatewayContext } from './context.ts'
import type { EarlierCursors } from './cursor-place.ts'
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
function cursorAt(entity: Entity, order: readonly OrderKey[], keys: Readonly<Record<string, unknown>>): string {
  const values = order.map(({ path }) => {
    const value = Object.hasOwn(keys, path) ? keys[path] : undefined
    if (value === undefined) throw badCursor(`says nothing of ${path}, by which the list is ordered`)
    return canonicalValue(leafAt(entity, path), parseValue(entity, path, value))
  })
  return sealCursor(entity.name, order, values)
}

/** Arguments of a page whose cursors are all ours, and how many records it leaves out behind `after`. */
export interface Placed {
  readonly args: PageArgs
  readonly offset: number
}

/**
 * The page that is asked for, by cursors of ours.
 *
 * @throws BAD_USER_INPUT for a cursor whose record is gone, and for one by an offset that does not lead forwards, or too far.
 */
export async function placed(
  earlier: EarlierCursors,
  context: GatewayContext,
  info: GraphQLResolveInfo,
  entity: Entity,
  keys: readonly OrderKey[],
  args: PageArgs,
): Promise<Placed> {
  const order = totalOrder(entity, keys)

  async function own(cursor: string | null | undefined): Promise<string | number | null | undefined> {
    if (cursor === null || cursor === undefined || isOurs(entity, order, cursor)) return cursor
    const place = earlier.decode(cursor)
    if (!place) return cursor // refused as any other
    if ('offset' in place) return place.offset
    if ('keys' in place) return cursorAt(entity, order, place.keys)
    const id = parseId(entity, place.id)
    if (order.length === 1) return cursorAt(entity, order, { id })
    const reading = order.flatMap(({ path }) => (path === 'id' ? [] : [path]))
    const record = await loadParsed(context, info, entity, 'id', id, { reading, unscoped: true })
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
