import { type RawBuilder, sql } from 'kysely'
import type { Entity, Id, Node, ObjectList } from '../../entity/entity.ts'
import { onceFor } from '../../util/once-for.ts'
import { byWeight } from '../../util/weigh.ts'
import { ids as idArray, lockRecords, maxLocked } from './bookkeeping.ts'
import type { RecordRow } from './codec/decode.ts'
import type { PostgresConnection } from './connection.ts'
import { replaceIssues } from './data-issues.ts'
import { rowsOf } from './objects.ts'
import { constant } from './prepared.ts'
import { keptImage } from './reader.ts'
import { insertRows, replaceChildren } from './rows.ts'
import { imageColumns, tableOf } from './select.ts'

type Sql = RawBuilder<unknown>

const anyOf = (parts: readonly Sql[]): Sql => (parts.length === 0 ? sql`false` : sql`(${sql.join(parts, sql` or `)})`)

const at = (rest: Sql, steps: readonly string[]): Sql =>
  sql`${rest} #> ${sql.lit(`{${steps.map((step) => JSON.stringify(step)).join(',')}}`)}`

/**
 * Whether jsonb of unmapped values holds a path that the nodes name, or an object around one of which nothing is left;
 * `alias` has the columns of the objects. No step of a mapped path begins with $, which a rest has another way of writing.
 */
function holds(rest: Sql, alias: Sql, nodes: readonly Node[], path: readonly string[]): Sql {
  const parts = nodes.flatMap((node) => {
    const steps = [...path, ...node.steps]
    const around = node.steps.slice(1).map((_, n) => sql`${at(rest, steps.slice(0, path.length + n + 1))} = '{}'`)
    const there = sql`${at(rest, steps)} is not null`
    if (!node.embed) return [...around, there]
    const present = sql`${alias}.${sql.id(node.embed.column)}`
    const isEmpty = sql`${at(rest, steps)} = '{}'`
    const inside = holds(rest, alias, node.nodes, steps)
    return [...around, sql`(${there} and (${present} is not true or ${isEmpty} or ${inside}))`]
  })
  return anyOf(parts)
}

/** Whether a row lacks a part of its id: the field that shows it was mapped later. */
const lacksPart = ({ leaves }: Entity): Sql[] =>
  [...leaves.values()].flatMap(({ ofId, column }) => (ofId ? [sql`t.${sql.id(column)} is null`] : []))

/**
 * Whether a row keeps as unmapped, or in its id alone, what the mapping names by now, outside of lists. Earlier versions
 * have left empty objects there, too, which MongoDB's codec leaves out.
 */
export const isStale = onceFor((entity: Entity) => {
  const kept = sql`coalesce(t.rest is not null and ${holds(sql`t.rest`, sql`t`, entity.nodes, [])}, false)`
  return constant(anyOf([kept, ...lacksPart(entity)]))
})

const listIsStale = (list: ObjectList): Sql =>
  sql`exists (select ${rowsOf(list)} and e.rest is not null and ${holds(sql`e.rest`, sql`e`, list.nodes, [])})`

/** The same, lists of objects included. */
const isStaleAnywhere = onceFor((entity: Entity) =>
  constant(anyOf([isStale(entity), ...entity.lists.values().map(listIsStale)])),
)

function adoptRows(connection: PostgresConnection, entity: Entity, ids: readonly Id[]): Promise<number> {
  return connection.transaction(async (tx) => {
    const stored = sql`select ${imageColumns(entity)} from ${tableOf(entity)} where t.id = any(${idArray(entity, ids)})`
    const [, rows] = await Promise.all([tx.run(lockRecords(entity, ids)), tx.run<RecordRow>(stored)])
    const adopted = rows.flatMap((row) => connection.adopt(entity, keptImage(entity, row)) ?? [])
    if (adopted.length === 0) return 0
    const written = [insertRows(entity, adopted, 'same'), ...replaceChildren(entity, adopted)]
    await tx.commit([...written, ...replaceIssues(entity, adopted)])
    return adopted.length
  })
}

/** These records' values out of their rests, each at its version. @returns how many had any. */
export async function adoptRecords(
  connection: PostgresConnection,
  entity: Entity,
  ids: readonly Id[],
): Promise<number> {
  let adopted = 0
  for (const part of byWeight(ids, Number.POSITIVE_INFINITY, maxLocked))
    adopted += await adoptRows(connection, entity, part)
  return adopted
}

/** Rows that one statement looks at: a table without any such value is gone through as well. */
const batch = 2_000

interface Looked {
  readonly last: Id | null
  readonly stale: readonly Id[] | null
}

/**
 * Takes what is mapped by now out of the rest of every row: after a mapping has grown. Can be stopped at any point and
 * run again; a gateway with the older mapping may put back some, which another run takes.
 *
 * @returns how many records had such values.
 */
export async function adoptRest(connection: PostgresConnection, entity: Entity): Promise<number> {
  let adopted = 0
  for (let after: Id | null = null; ; ) {
    const behind: Sql = after === null ? sql`true` : sql`t.id > ${after}`
    const rows = sql`select * from ${tableOf(entity)} where ${behind} order by t.id limit ${batch}::int`
    const [looked]: readonly Looked[] = await connection.run<Looked>(
      sql`select (array_agg(t.id order by t.id desc))[1] as last, array_agg(t.id) filter (where ${isStaleAnywhere(entity)}) as stale from (${rows}) t`,
    )
    const { last, stale }: Looked = looked!
    if (last === null) return adopted
    adopted += await adoptRecords(connection, entity, stale ?? [])
    after = last
  }
}
