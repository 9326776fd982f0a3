import type { GraphQLTypeResolver } from 'graphql'
import type { Entity } from '../entity/entity.ts'
import { CrossfadeError } from '../util/errors.ts'
import { typesOf } from './shown-types.ts'

const entityOfRecord = new WeakMap<object, Entity>()

/**
 * Says of a record which type it is of, where a field may resolve to several: `loadMerged` has said it of what it found,
 * and a resolver of your own says it of what it has loaded.
 *
 * ```ts
 * resolve: async (note, _, context, info) =>
 *   note.on === 'article'
 *     ? typed(Article, await load(context, info, Article, note.onId))
 *     : typed(Advert, await load(context, info, Advert, note.onId)),
 * ```
 */
export function typed<R extends object | null>(entity: Entity, record: R): R {
  if (record !== null) entityOfRecord.set(record, entity)
  return record
}

/**
 * The object type of a record, for `resolveType` of interfaces and unions.
 *
 * @throws MISCONFIGURED for a value of which nobody has said what it is a record of.
 */
export const recordType: GraphQLTypeResolver<unknown, unknown> = (value, _context, { schema }, abstract) => {
  const entity = typeof value === 'object' && value !== null ? entityOfRecord.get(value) : undefined
  const shown = entity && typesOf(schema, entity).find((type) => schema.isSubType(abstract, type))
  if (shown) return shown.name
  const text = entity
    ? `No type of ${abstract.name} shows ${entity.name}.`
    : `A record of ${abstract.name} has no type: say which by typed(Type, record).`
  throw new CrossfadeError('MISCONFIGURED', text)
}
