import { sql } from 'kysely'
import type { Findings, Mismatch, MismatchExample, MismatchGroup } from '../findings.ts'
import type { PostgresConnection } from './connection.ts'

const maxExamples = 20 // kept of each group; the group counts everything

interface GroupRow extends Omit<MismatchGroup, 'count' | 'type'> {
  readonly count: string
  readonly entity: string
}

const toGroup = ({ entity, count, ...rest }: GroupRow): MismatchGroup => ({
  ...rest,
  type: entity,
  count: Number(count),
})

export function postgresFindings(connection: PostgresConnection): Findings {
  const columns = sql`fingerprint, entity, resolver, kind, path, count, first_at as "firstAt", last_at as "lastAt"`

  return {
    async add(mismatches: readonly Mismatch[]) {
      await connection.transaction(async (tx) => {
        for (const { fingerprint, type, resolver, kind, path, id, ...example } of mismatches) {
          await tx.run(
            sql`insert into crossfade.mismatch_groups as g (fingerprint, entity, resolver, kind, path, count)
                values (${fingerprint}, ${type}, ${resolver}, ${kind}, ${path}, 1)
                on conflict (fingerprint) do update set count = g.count + 1, last_at = now()`,
          )
          await tx.run(
            sql`insert into crossfade.mismatch_examples (fingerprint, id, example)
                select ${fingerprint}, ${id}, ${JSON.stringify(example)}::jsonb
                where (select count(*) from crossfade.mismatch_examples where fingerprint = ${fingerprint}) < ${maxExamples}::int`,
          )
        }
      })
    },

    async groups() {
      const rows = await connection.run<GroupRow>(
        sql`select ${columns} from crossfade.mismatch_groups order by count desc, fingerprint`,
      )
      return rows.map(toGroup)
    },

    async show(prefix) {
      const groups = await connection.run<GroupRow>(
        sql`select ${columns} from crossfade.mismatch_groups where starts_with(fingerprint, ${prefix}::text) limit 2`,
      )
      if (groups.length !== 1) return null
      const examples = await connection.run<MismatchExample>(
        sql`select id, at, example from crossfade.mismatch_examples where fingerprint = ${groups[0]!.fingerprint} order by n desc`,
      )
      return { group: toGroup(groups[0]!), examples: [...examples] }
    },

    async clear() {
      await connection.run(sql`delete from crossfade.mismatch_groups`)
    },
  }
}
