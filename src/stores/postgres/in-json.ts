import { type RawBuilder, sql } from 'kysely'
import type { KindInJson } from '../../codec/in-json.ts'
import { maxInt, minInt } from '../../codec/int.ts'

type Sql = RawBuilder<unknown>

/** What `json_typeof` says of a kind's values, and their SQL value; a null is a value of another kind. */
const kinds: Record<KindInJson, readonly [type: string, value: (json: Sql) => Sql]> = {
  text: ['string', (json) => sql`(${json} #>> '{}') collate "C"`],
  float: ['number', (json) => sql`(${json} #>> '{}')::double precision`],
  boolean: ['boolean', (json) => sql`(${json} #>> '{}')::boolean`],
  int: ['number', whole],
}

function whole(json: Sql): Sql {
  const number = sql`(${json} #>> '{}')::numeric`
  const fits = sql`${number} between ${sql.lit(minInt)} and ${sql.lit(maxInt)} and ${number} = trunc(${number})`
  return sql`case when ${fits} then ${number}::integer end`
}

/** The value of a kind at a path inside a json column; null where another stands there, or a list on the way. */
export function inJson(kind: KindInJson, column: Sql, steps: readonly string[]): Sql {
  const [type, value] = kinds[kind]
  const json = sql`${column} -> ${sql.join(
    steps.map((step) => sql.lit(step)),
    sql` -> `,
  )}`
  return sql`(case when json_typeof(${json}) = ${sql.lit(type)} then ${value(json)} end)`
}
