import type { Entity } from '../entity/entity.ts'
import { allFields } from '../entity/field-set.ts'
import { parseId } from '../entity/parse-id.ts'
import type { KeyPathOf, OrderPathOf, ValueAt } from '../entity/path.ts'
import { asRecord, type RecordOf } from '../entity/record.ts'
import type { OrderKey } from '../query/order.ts'
import { type PageArgs, planPage } from '../query/page.ts'
import { parseValue, type WhereOf } from '../query/where.ts'
import type { RequestReads } from '../routing/reads.ts'
import { type Among, among } from './among.ts'
import { type Connection, connection } from './connection.ts'
import { Loaders } from './loaders.ts'
import { readCount, readPage } from './read-page.ts'

/**
 * Reads one type outside of GraphQL, under the names that resolvers have for it. Nothing is selected there, so that
 * records are whole. Each call is a request by itself: one statement, answered by the store that the flags say, and
 * compared like any other read.
 */
export interface TypeReader<E extends Entity> {
  /** The record of an id. Null where there is none. @throws BAD_USER_INPUT for what cannot be an id of this type. */
  load(id: string | number, shown?: Among<E>): Promise<RecordOf<E> | null>
  /**
   * The record by the value of another field; of several the one with the lowest id. Null where there is none.
   * @throws BAD_USER_INPUT for a value that is not of the field's kind.
   */
  loadBy<K extends KeyPathOf<E>>(path: K, value: ValueAt<E, K>, shown?: Among<E>): Promise<RecordOf<E> | null>
  /**
   * A page of at most 100 records; 20 where no size is given. Its `totalCount` is a statement of its own.
   *
   * @param asked which records: `everything`, or what `where` and `parseFilter` make.
   * @param order by these keys, then by id.
   * @throws BAD_USER_INPUT for sizes, cursors and values that do not fit.
   */
  loadConnection(
    asked: WhereOf<E['fields']>,
    order: readonly OrderKey<OrderPathOf<E>>[],
    args?: PageArgs,
    shown?: Among<E>,
  ): Promise<Connection<RecordOf<E>>>
}

/** @param request begins a request of its own, and ends with it. */
export function typeReader<E extends Entity>(
  entity: E,
  request: <T>(work: (reads: RequestReads) => Promise<T>) => Promise<T>,
): TypeReader<E> {
  const fields = allFields(entity)
  const one = (resolver: string, path: string, value: unknown, shown: Among<E> = {}): Promise<RecordOf<E> | null> => {
    const lookup = { entity, path, where: among(entity, shown) }
    return request(async (reads) => asRecord(entity, await new Loaders(reads).one(lookup, value, fields, resolver)))
  }
  return {
    load: async (id, shown) => one('Job.load', 'id', parseId(entity, id), shown),
    loadBy: async (path, value, shown) => one('Job.loadBy', path, parseValue(entity, path, value), shown),
    async loadConnection(asked, order, args = {}, shown = {}) {
      const plan = planPage(entity, among(entity, shown, asked), order, args)
      const page = { entity, resolver: 'Job.loadConnection', plan, args }
      const items = await request((reads) => readPage(reads, page, fields))
      return connection(entity, plan, items, () => request((reads) => readCount(reads, page)))
    },
  }
}
