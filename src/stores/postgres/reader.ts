import { type RawBuilder, sql } from 'kysely'
import { keyValue } from '../../entity/canonical-value.ts'
import type { Entity, Id } from '../../entity/entity.ts'
import { allFields, type FieldSet } from '../../entity/field-set.ts'
import { leafAt } from '../../entity/leaf-at.ts'
import type { OrderKey } from '../../query/order.ts'
import { everything } from '../../query/where.ts'
import type { Json } from '../../util/json.ts'
import { onceFor } from '../../util/once-for.ts'
import {
  type ElementRests,
  type IdRange,
  type Image,
  type Item,
  type LiveImage,
  type Query,
  type QueryPer,
  type Reader,
  type Scanned,
  type ScanRange,
  scanBytes,
} from '../store.ts'
import { aggregate } from './aggregate.ts'
import { ids } from './bookkeeping.ts'
import { elementRows, type RecordRow } from './codec/decode.ts'
import { postgresKind } from './codec/postgres-kinds.ts'
import type { PostgresConnection } from './connection.ts'
import { page, pagePer } from './page.ts'
import { type Prepared, prepare, slot } from './prepared.ts'
import { columnOf, columnsOf, imageColumns, tableOf, toItem } from './select.ts'
import { translate } from './where.ts'

const orderText = (order: readonly OrderKey[]): string => order.map((key) => `${key.path} ${key.direction}`).join()

/** Orders kept for one field set; more are compiled each time. */
const maxOrders = 50

const statements = onceFor((_fields: FieldSet) => new Map<string, Prepared>())

/** A statement whose text follows from the field set and a key: compiled once. A field set is of one entity. */
function once(fields: FieldSet, key: string, make: () => RawBuilder<unknown>): Prepared {
  const known = statements(fields)
  const statement = known.get(key) ?? prepare(make())
  if (known.size < maxOrders) known.set(key, statement)
  return statement
}

/** Whether the text of a page's statement follows from its order and fields alone. */
const isPlain = ({ where, ranges = [everything] }: Query): boolean =>
  where === everything && ranges.length === 1 && ranges[0] === everything

/** A row with the bytes of all that a scan has up to it. */
interface WeighedRow extends RecordRow {
  readonly _cf_sum: number
}

export function postgresReader(connection: PostgresConnection): Reader {
  async function query(entity: Entity, asked: Query, signal?: AbortSignal): Promise<readonly Item[]> {
    const { order, limit, offset = 0, fields } = asked
    const plain = () => {
      const [behind, values] = offset > 0 ? [slot, [limit, offset]] : [0, [limit]]
      const key = `page ${orderText(order)}${offset > 0 ? ' behind others' : ''}`
      const statement = once(fields, key, () => page(entity, { ...asked, limit: slot, offset: behind }))
      return connection.runPrepared<RecordRow>(statement, values, signal)
    }
    const rows = await (isPlain(asked) ? plain() : connection.run<RecordRow>(page(entity, asked), signal))
    return rows.map((row) => toItem(fields, row))
  }

  async function queryPer(
    entity: Entity,
    per: QueryPer,
    signal?: AbortSignal,
  ): Promise<ReadonlyMap<unknown, readonly Item[]>> {
    const { path, values, order, limit, offset = 0, fields } = per
    const leaf = leafAt(entity, path)
    const { encode, decode } = postgresKind(leaf.kind)
    const keys = values.map(encode)
    const rows = await (isPlain(per)
      ? connection.runPrepared<RecordRow>(
          once(fields, `per ${path} by ${orderText(order)}${offset > 0 ? ' behind others' : ''}`, () =>
            pagePer(entity, { ...per, limit: slot, offset: offset > 0 ? slot : 0 }, slot),
          ),
          offset > 0 ? [keys, limit, offset] : [keys, limit],
          signal,
        )
      : connection.run<RecordRow>(pagePer(entity, per, keys), signal))
    const groups = new Map<unknown, Item[]>()
    let group: Item[] | undefined
    let stored: unknown
    for (const row of rows) {
      // Those of one key stand together, so that most need not be looked up
      if (!group || row['_key'] !== stored) {
        stored = row['_key']
        const key = keyValue(leaf, decode(stored))
        group = groups.get(key)
        if (!group) groups.set(key, (group = []))
      }
      group.push(toItem(fields, row))
    }
    return groups
  }

  /** Of the rows of a range. */
  function within(entity: Entity, { after, upTo }: IdRange): RawBuilder<unknown>[] {
    const { cast } = postgresKind(entity.idKind)
    const bound = (id: Id) => sql`${id}::${sql.raw(cast)}`
    return [
      ...(after === null ? [] : [sql`t.id > ${bound(after)}`]),
      ...(upTo === null ? [] : [sql`t.id <= ${bound(upTo)}`]),
    ]
  }

  async function scan(entity: Entity, range: ScanRange): Promise<Scanned> {
    const { after, upTo = null, limit, maxBytes = scanBytes, where = everything } = range
    const conditions = [...within(entity, { after, upTo }), translate(entity, where)]
    // The sum goes along the order of the ids, and those behind the record that passes the bound are not sent
    const rows = await connection.run<WeighedRow>(
      sql`select * from (
            select r.*, pg_column_size(r.*) as _cf_bytes, (sum(pg_column_size(r.*)) over (order by r.id))::float8 as _cf_sum
            from (select ${imageColumns(entity)} from ${tableOf(entity)}
                  where ${sql.join(conditions, sql` and `)} order by t.id limit ${limit}::int) r) w
          where _cf_sum - _cf_bytes <= ${maxBytes}::float8 order by id`,
    )
    const images = rows.map((row) => imageOf(connection, entity, row))
    const isCut = rows.length > 0 && rows.at(-1)!._cf_sum > maxBytes
    return { images, quarantined: [], next: rows.length < limit && !isCut ? null : images.at(-1)!.id }
  }

  return {
    query,
    queryPer,
    aggregate: (entity, asked, signal) => aggregate(connection, entity, asked, signal),

    async byIds(entity, ids, fields, signal) {
      const { cast } = postgresKind(entity.idKind)
      const statement = once(
        fields,
        'by ids',
        () => sql`select ${columnsOf(fields)} from ${tableOf(entity)} where t.id = any(${slot}::${sql.raw(cast)}[])`,
      )
      const rows = await connection.runPrepared<RecordRow>(statement, [ids], signal)
      return new Map(rows.map((row) => [row.id, toItem(fields, row)]))
    },

    async count(entity, where, signal) {
      const rows = await connection.run<{ n: string }>(
        sql`select count(*) as n from ${tableOf(entity)} where ${translate(entity, where)}`,
        signal,
      )
      return Number(rows[0]!.n)
    },

    async countPer(entity, path, values, where, signal) {
      const leaf = leafAt(entity, path)
      const { cast, encode, decode } = postgresKind(leaf.kind)
      const rows = await connection.run<{ k: unknown; n: string }>(
        sql`select ${columnOf(leaf)} as k, count(*) as n from ${tableOf(entity)}
            where ${columnOf(leaf)} = any(${values.map(encode)}::${sql.raw(cast)}[]) and ${translate(entity, where)}
            group by 1`,
        signal,
      )
      return new Map(rows.map(({ k, n }) => [keyValue(leaf, decode(k)), Number(n)]))
    },

    scan,

    async ids(entity, range, limit, without) {
      const others = sql`t.id not in (select unnest(${ids(entity, without)}))`
      const rows = await connection.run<{ id: Id }>(
        sql`select t.id from ${tableOf(entity)} where ${sql.join([...within(entity, range), others], sql` and `)} limit ${limit}::int`,
      )
      return rows.map(({ id }) => id)
    },

    async *stream(entity, range) {
      for (let { after } = range, more = true; more; ) {
        const { images, quarantined, next } = await scan(entity, { ...range, after })
        yield { images, quarantined }
        after = next
        more = next !== null
      }
    },
  }
}

function restsOf(entity: Entity, row: RecordRow): ElementRests {
  const rests: Record<string, Json[]> = {}
  for (const list of entity.lists.values()) {
    const found = (elementRows(row, list) ?? []).map(({ rest = null }) => rest)
    if (found.some((rest) => rest !== null)) rests[list.path] = found
  }
  return rests
}

/**
 * The image of a whole row. Dirty values were reported when the row was written; those that are mapped by now are taken
 * out of the rest.
 */
export function imageOf({ adopt }: PostgresConnection, entity: Entity, row: RecordRow, pending = false): Image {
  const image = keptImage(entity, row, pending)
  const adopted = adopt(entity, image)
  return adopted ? { ...adopted, columns: image.record } : image
}

/** The image of a row as it is kept. */
export function keptImage(entity: Entity, row: RecordRow, pending = false): LiveImage {
  const { version, record } = toItem(allFields(entity), row)
  return {
    id: record.id,
    version,
    pending,
    record,
    rest: row.rest ?? null,
    elementRests: restsOf(entity, row),
    issues: [],
  }
}
