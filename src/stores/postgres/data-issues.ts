import { type RawBuilder, sql } from 'kysely'
import type { Issue } from '../../codec/refused.ts'
import type { Entity, Id } from '../../entity/entity.ts'
import type { Image } from '../store.ts'
import type { UniqueKey } from '../unique-key.ts'
import { ids as idArray, lockRecords } from './bookkeeping.ts'
import type { PostgresConnection } from './connection.ts'
import { keyRows } from './key-conditions.ts'
import { rowsOfType } from './of-type.ts'
import { columnOf, tableOf } from './select.ts'

interface StoredVersion {
  readonly id: Id
  readonly epoch: string
  readonly counter: string
}

interface WithIssues {
  readonly id: Id | string
  readonly issues: readonly Issue[]
}

/** Characters of an id that an index holds. */
const maxWhole = 200

/** An id as issues are kept by it: a longer one is cut, and stays apart from others by its digest. */
const kept = (id: RawBuilder<unknown>): RawBuilder<unknown> =>
  sql`case when length(${id}) > ${sql.lit(maxWhole)} then left(${id}, ${sql.lit(maxWhole)}) || '…' || md5(${id}) else ${id} end`

const keptAll = (ids: readonly string[]): RawBuilder<unknown> =>
  sql`array(select ${kept(sql`i`)} from unnest(${ids}::text[]) i)`

function insertIssues(entity: Entity, records: readonly WithIssues[], found: string): RawBuilder<unknown>[] {
  const rows = records.flatMap(({ id, issues }) => issues.map((issue) => ({ id: String(id), ...issue })))
  if (rows.length === 0) return []
  return [
    sql`insert into crossfade.data_issues (entity, id, path, rule, raw, found)
        select distinct on (r.id, r.path, r.rule) ${entity.name}, ${kept(sql`r.id`)}, r.path, r.rule, r.raw, ${found}
        from json_to_recordset(${JSON.stringify(rows)}::json) r(id text, path text, rule text, raw text)
        on conflict (entity, id, path, rule) do update set raw = excluded.raw, at = now()`,
  ]
}

/** What was found of the records takes the place of what was found so of all of `ids` before. */
function replace(
  entity: Entity,
  ids: readonly (Id | string)[],
  records: readonly WithIssues[],
  found: string,
  over: readonly string[] = [found],
): RawBuilder<unknown>[] {
  const all = keptAll(ids.map(String))
  const old = sql`delete from crossfade.data_issues where entity = ${entity.name} and id = any(${all}) and found = any(${over}::text[])`
  return [old, ...insertIssues(entity, records, found)]
}

/** What decoding found replaces what an earlier decoding of the same records found. */
export function replaceIssues(entity: Entity, records: readonly WithIssues[]): RawBuilder<unknown>[] {
  const ids = records.map(({ id }) => id)
  return replace(entity, ids, records, 'decode')
}

/** The same of records that were just written: nothing keeps them out any more. */
export function issuesOfWritten(entity: Entity, records: readonly WithIssues[]): RawBuilder<unknown>[] {
  const ids = records.map(({ id }) => id)
  return replace(entity, ids, records, 'decode', ['decode', 'kept out'])
}

/** What issues of one kind have in common. */
export interface IssueKind {
  readonly path: string
  readonly rule: string
}

export interface IssuePage {
  /** The last id of the page before; null for the first. */
  readonly after: string | null
  readonly limit: number
}

/** A record, or a document without one, that has issues. */
export interface RetriableIssue {
  /** As text: of a document, Extended JSON of its `_id`. */
  readonly id: string
  readonly isDocument: boolean
}

/** One kind of issue, counted. */
export interface IssueCount extends IssueKind {
  readonly count: number
  /** The first of the records, as text. */
  readonly ids: readonly string[]
}

/** A record, or a document without one, and the value that makes it one of its kind. */
export interface IssueOfKind extends Pick<DataIssue, 'raw' | 'at'> {
  /** As text. */
  readonly id: string
}

/** One issue of one record. */
export interface DataIssue extends Issue {
  readonly at: Date
}

/** Values that could not be carried faithfully, or that stand in the way of a constraint. */
export interface DataIssues {
  /** Documents that have no record. */
  quarantine(entity: Entity, records: readonly WithIssues[]): Promise<void>
  /** Records that a constraint or rule keeps out; replaces what was found of all of `ids` before. */
  keepOut(entity: Entity, ids: readonly Id[], records: readonly WithIssues[]): Promise<void>
  /** References that point nowhere, found by one anti-join a field; replaces what was found before. */
  findDangling(entity: Entity, targets: ReadonlyMap<string, Entity>): Promise<void>
  /** Values that a unique key's records hold more than once; replaces what was found before. Returns the keys that have none. */
  findDuplicates(entity: Entity, keys: readonly UniqueKey[]): Promise<readonly UniqueKey[]>
  /**
   * Ids of records, or of documents without one, whose issues a new look may end: of one kind, or of all; in the order of
   * their texts. Not those whose ids are too long to be kept whole. */
  retriable(entity: Entity, among: IssueKind | null, page: IssuePage): Promise<readonly RetriableIssue[]>
  /**
   * What decoding finds by now replaces what it found before, of rows that are at the same version: a row that was put
   * meanwhile has come with its own.
   */
  refresh(entity: Entity, images: readonly Image[]): Promise<void>
  /** Issues of documents and records that are gone, or of documents that have become records. */
  end(entity: Entity, ids: readonly string[]): Promise<void>
  counts(entity: Entity): Promise<readonly IssueCount[]>
  /** The first records of one kind, by id, with what is kept of the value. */
  ofKind(entity: Entity, kind: IssueKind, limit: number): Promise<readonly IssueOfKind[]>
  /** Those of one record, by its id as text. */
  of(entity: Entity, id: string): Promise<readonly DataIssue[]>
  /** Removes those of one record, by its id as text. @returns how many. */
  forget(entity: Entity, id: string): Promise<number>
}

/** Two who look for the same at once, as workers at the end of a copy, would each write what they find. */
const inTurn = ({ name }: Entity): RawBuilder<unknown> =>
  sql`select pg_advisory_xact_lock(hashtextextended(${`data issues of ${name}`}, 0))`

export function dataIssues(connection: PostgresConnection): DataIssues {
  const forget = (entity: Entity, path: string, found: string): RawBuilder<unknown> =>
    sql`delete from crossfade.data_issues where entity = ${entity.name} and path = ${path} and found = ${found}`

  return {
    async quarantine(entity, records) {
      await connection.transaction((tx) => tx.commit(insertIssues(entity, records, 'quarantine')))
    },

    async keepOut(entity, ids, records) {
      await connection.transaction((tx) => tx.commit(replace(entity, ids, records, 'kept out')))
    },

    async findDangling(entity, targets) {
      for (const leaf of entity.leaves.values()) {
        const target = leaf.references ? targets.get(leaf.references) : undefined
        if (!target) continue
        const column = columnOf(leaf)
        const dangling = sql`insert into crossfade.data_issues (entity, id, path, rule, raw, found)
          select ${entity.name}, ${kept(sql`t.id::text`)}, ${leaf.mongo}, ${`refers to a ${target.name} that does not exist`},
            to_json(${column})::text, 'reference'
          from ${tableOf(entity)}
          where ${column} is not null and not exists (select from ${rowsOfType(target)} o where o.id = ${column})`
        await connection.transaction((tx) =>
          tx.commit([inTurn(entity), forget(entity, leaf.mongo, 'reference'), dangling]),
        )
      }
    },

    async findDuplicates(entity, keys) {
      const one = ({ leaves }: UniqueKey) =>
        leaves.length === 1 ? columnOf(leaves[0]!) : sql`json_build_array(${sql.join(leaves.map(columnOf))})`
      return connection.transaction(async (tx) => {
        await tx.run(inTurn(entity))
        await tx.run(sql`delete from crossfade.data_issues where entity = ${entity.name} and found = 'duplicate'`)
        const clean: UniqueKey[] = []
        for (const key of keys) {
          const path = key.leaves.map(({ mongo }) => mongo).join(', ')
          const groups = sql`count(*) over (partition by ${sql.join(key.leaves.map(columnOf))})`
          const rows = await tx.run(
            sql`insert into crossfade.data_issues (entity, id, path, rule, raw, found)
                select ${entity.name}, ${kept(sql`d.id::text`)}, ${path}, 'should be unique but is not', coalesce(d.raw, 'null'), 'duplicate'
                from (select t.id, to_json(${one(key)})::text as raw, ${groups} as count
                      from ${tableOf(entity)} where ${keyRows(key)}) d
                where d.count > 1
                on conflict (entity, id, path, rule) do update set raw = excluded.raw
                returning id`,
          )
          if (rows.length === 0) clean.push(key)
        }
        return clean
      })
    },

    retriable(entity, among, { after, limit }) {
      const kind = among === null ? sql`true` : sql`(path = ${among.path} and rule = ${among.rule})`
      const behind = after === null ? sql`true` : sql`id > ${after}`
      return connection.run<RetriableIssue>(
        sql`select id, bool_or(found = 'quarantine') as "isDocument" from crossfade.data_issues
            where entity = ${entity.name} and found in ('decode', 'kept out', 'quarantine') and ${kind} and ${behind}
              and length(id) <= ${maxWhole}::int group by id order by id limit ${limit}::int`,
      )
    },

    async refresh(entity, images) {
      const all = images.map(({ id }) => id)
      const stored = sql`select t.id, t._cf_epoch as epoch, t._cf_counter as counter from ${tableOf(entity)}
                         where t.id = any(${idArray(entity, all)})`
      await connection.transaction(async (tx) => {
        const [, rows] = await Promise.all([tx.run(lockRecords(entity, all)), tx.run<StoredVersion>(stored)])
        const versions = new Map(rows.map(({ id, epoch, counter }) => [id, `${epoch}.${counter}`]))
        const same = images.filter(({ id, version: { epoch, counter } }) => versions.get(id) === `${epoch}.${counter}`)
        await tx.commit(same.length > 0 ? replaceIssues(entity, same) : [])
      })
    },

    async end(entity, ids) {
      await connection.run(
        sql`delete from crossfade.data_issues where entity = ${entity.name} and id = any(${ids}::text[])
            and found in ('decode', 'kept out', 'quarantine')`,
      )
    },

    async counts(entity) {
      const rows = await connection.run<{ path: string; rule: string; count: string; ids: string[] }>(
        sql`select path, rule, count(*) as count, (array_agg(id order by id))[1:5] as ids from crossfade.data_issues where entity = ${entity.name}
            group by 1, 2 order by 3 desc, 1, 2`,
      )
      return rows.map(({ path, rule, count, ids }) => ({ path, rule, count: Number(count), ids }))
    },

    ofKind: (entity, { path, rule }, limit) =>
      connection.run<IssueOfKind>(
        sql`select id, raw, at from crossfade.data_issues where entity = ${entity.name} and path = ${path} and rule = ${rule}
            order by id limit ${limit}::int`,
      ),

    async forget(entity, id) {
      const rows = await connection.run(
        sql`delete from crossfade.data_issues where entity = ${entity.name} and id in (${id}, ${kept(sql`${id}::text`)}) returning id`,
      )
      return rows.length
    },

    of: (entity, id) =>
      connection.run<DataIssue>(
        sql`select path, rule, raw, at from crossfade.data_issues where entity = ${entity.name} and id in (${id}, ${kept(sql`${id}::text`)}) order by path, rule`,
      ),
  }
}
