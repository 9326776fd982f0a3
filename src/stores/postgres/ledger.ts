import { sql } from 'kysely'
import type { Json } from '../../util/json.ts'
import { type AgedEntry, type Entry, flagKind, type Ledger, type Logged, type LogLine } from '../ledger.ts'
import type { PostgresConnection } from './connection.ts'
import { changeFlag } from './flag-lock.ts'

export function postgresLedger(connection: PostgresConnection): Ledger {
  return {
    async get(kind, key) {
      const rows = await connection.run<Entry>(
        sql`select key, revision, value from crossfade.ledger where kind = ${kind} and key = ${key}`,
      )
      return rows[0] ?? null
    },

    async list(...kinds) {
      const rows = await connection.run<AgedEntry>(
        sql`select kind, key, revision, value, (extract(epoch from clock_timestamp() - at) * 1000)::float8 as "ageMs"
            from crossfade.ledger where kind = any(${kinds}::text[]) order by kind collate "C", key collate "C"`,
      )
      return [...rows]
    },

    async compareAndSet(kind, key, revision, value) {
      const text = JSON.stringify(value)
      const set =
        revision === null
          ? sql`insert into crossfade.ledger (kind, key, revision, value) values (${kind}, ${key}, 1, ${text}::jsonb)
                  on conflict do nothing returning key`
          : sql`update crossfade.ledger set revision = revision + 1, value = ${text}::jsonb, at = clock_timestamp()
                  where kind = ${kind} and key = ${key} and revision = ${revision}::int returning key`
      const rows = await (kind === flagKind ? changeFlag(connection, key, set) : connection.run(set))
      return rows.length === 1
    },

    async remove(kind, key, revision) {
      const at = revision === undefined ? sql`true` : sql`revision = ${revision}::int`
      await connection.run(sql`delete from crossfade.ledger where kind = ${kind} and key = ${key} and ${at}`)
    },

    async claim(key, owner, ms) {
      const rows = await connection.run(
        sql`insert into crossfade.claims as c (key, owner, until)
            values (${key}, ${owner}, clock_timestamp() + ${ms}::float8 * interval '1 millisecond')
            on conflict (key) do update set owner = excluded.owner, until = excluded.until
            where c.owner = excluded.owner or c.until < clock_timestamp() returning key`,
      )
      return rows.length === 1
    },

    async release(key, owner) {
      await connection.run(sql`delete from crossfade.claims where key = ${key} and owner = ${owner}`)
    },

    async append(log, key, value) {
      await connection.run(
        sql`insert into crossfade.log (log, key, value) values (${log}, ${key}, ${JSON.stringify(value)}::jsonb)`,
      )
    },

    async tail(log, limit, key) {
      const rows = await connection.run<{ key: string; at: Date; value: Json }>(
        sql`select key, at, value from crossfade.log where log = ${log} and (${key ?? null}::text is null or key = ${key ?? null})
            order by n desc limit ${limit}::int`,
      )
      return rows.map((row): Logged => row)
    },

    async lines(log, beginning, limit, before) {
      const last = before?.line ?? null
      const rows = await connection.run<LogLine>(
        sql`select n::text as line, key, at from crossfade.log where log = ${log} and starts_with(key, ${beginning})
              and (${last}::bigint is null or n < ${last}::bigint) order by n desc limit ${limit}::int`,
      )
      return [...rows]
    },

    async line(log, line) {
      const rows = await connection.run<Logged>(
        sql`select key, at, value from crossfade.log where log = ${log} and n = ${line}::bigint`,
      )
      return rows[0] ?? null
    },

    async lengths(log, except) {
      const rows = await connection.run<{ first: string; n: string }>(
        sql`select split_part(key, '/', 1) as first, count(*) as n from crossfade.log
            where log = ${log} and n::text not in (select unnest(${except}::text[])) group by 1`,
      )
      return new Map(rows.map(({ first, n }) => [first, Number(n)]))
    },

    async length(log, key) {
      const rows = await connection.run<{ n: string }>(
        sql`select count(*) as n from crossfade.log where log = ${log} and (${key ?? null}::text is null or key = ${key ?? null})`,
      )
      return Number(rows[0]!.n)
    },

    async expire(log, olderThanMs, limit) {
      // The oldest are the first by number, which the index has: nothing else is looked at
      const rows = await connection.run(
        sql`delete from crossfade.log where n in (
              select n from (select n, at from crossfade.log where log = ${log} order by n limit ${limit}::int) oldest
              where at < clock_timestamp() - ${olderThanMs}::float8 * interval '1 millisecond') returning n`,
      )
      return rows.length
    },

    async forget(log, key) {
      const rows = await connection.run(sql`delete from crossfade.log where log = ${log} and key = ${key} returning n`)
      return rows.length
    },
  }
}
