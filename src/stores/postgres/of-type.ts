import { type RawBuilder, sql } from 'kysely'
import type { Entity, Leaf } from '../../entity/entity.ts'
import { leafAt } from '../../entity/leaf-at.ts'
import { onceFor } from '../../util/once-for.ts'
import { postgresKind } from './codec/postgres-kinds.ts'
import { quote, textLiteral } from './ddl.ts'
import { constant } from './prepared.ts'

type Sql = RawBuilder<unknown>

/** Values stand in a definition as they are, since DDL takes no parameters. */
export function literal({ kind }: Leaf, value: unknown): string {
  const { encode, cast } = postgresKind(kind)
  return `${textLiteral(String(encode(value)))}::${cast}`
}

/** What each row of the type has, as SQL over the table's own columns; none where all rows of its table are of it. */
export const typeConditions = onceFor((entity: Entity): readonly string[] =>
  [...entity.fixed].map(([path, value]) => {
    const leaf = leafAt(entity, path)
    return `${quote(leaf.column)} = ${literal(leaf, value)}`
  }),
)

/** The table with the rows of all its types, under alias `t`: for what changes rows, or takes samples. */
export const wholeTable = onceFor((entity: Entity) => constant(sql`${sql.id(entity.postgres)} t`))

/** Whether a row of alias `t` is of the type. */
export const isOfType = onceFor((entity: Entity): Sql => {
  const each = typeConditions(entity).map((condition) => `t.${condition}`)
  return sql.raw(each.length === 0 ? 'true' : `(${each.join(' and ')})`)
})

/** The rows of the type, for what stands behind FROM; PostgreSQL plans as if their condition stood beside it. */
export const rowsOfType = onceFor((entity: Entity): Sql => {
  const conditions = typeConditions(entity)
  const table = quote(entity.postgres)
  return sql.raw(conditions.length === 0 ? table : `(select * from ${table} where ${conditions.join(' and ')})`)
})
