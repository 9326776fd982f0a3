import { type RawBuilder, sql } from 'kysely'
import type { HourCounts, HourVerdicts } from '../findings.ts'
import { keptHours } from '../findings.ts'
import type { Executor } from './executor.ts'

type Sql = RawBuilder<unknown>

/** The hour that a time lies in, since 1970. */
export const hourOf = (at: Sql): Sql => sql`floor(extract(epoch from ${at}) / 3600)::int`

/** The time of the transaction and not of the clock, so that an index finds what is of an hour. */
const thisHour = hourOf(sql`now()`)

export const isOldHour: Sql = sql`hour <= ${thisHour} - ${sql.lit(keptHours)}`

const isRecent = (hours: number): Sql => sql`hour > ${thisHour} - ${hours}::int and hour <= ${thisHour}`

/**
 * Forgets what these groups counted before they came back, or too long ago. Of a group that goes on, only hours up to its
 * first can be of before.
 */
export const forgetHours = (executor: Executor, fingerprints: readonly string[]): Promise<unknown> =>
  executor.run(
    sql`delete from crossfade.mismatch_hours h using crossfade.mismatch_groups g
        where g.fingerprint = h.fingerprint and g.fingerprint = any(${fingerprints}::text[])
          and h.hour <= greatest(${hourOf(sql`g.first_at`)}, ${thisHour} - ${sql.lit(keptHours)})
          and (h.at < g.first_at or h.${isOldHour})`,
  )

/** See `Findings.recent`. */
export async function recentCounts(
  executor: Executor,
  fingerprints: readonly string[],
  hours: number,
): Promise<HourCounts> {
  const rows = await executor.run<{ fingerprint: string; ago: number; count: number }>(
    sql`select fingerprint, ${thisHour} - hour as ago, count::float8 as count from crossfade.mismatch_hours
        where fingerprint = any(${fingerprints}::text[]) and ${isRecent(hours)}`,
  )
  const counts = new Map(fingerprints.map((each) => [each, new Array<number>(hours).fill(0)]))
  for (const { fingerprint, ago, count } of rows) counts.get(fingerprint)![hours - 1 - ago] = count
  return counts
}

/** See `Findings.recentVerdicts`. */
export const recentVerdicts = (executor: Executor, hours: number): Promise<readonly HourVerdicts[]> =>
  executor.run<HourVerdicts>(
    sql`select entity as type, verdict, ${thisHour} - hour as ago, count::float8 as count
        from crossfade.verdict_hours where ${isRecent(hours)} order by 1, 2, 3 desc`,
  )

/** See `Findings.lastChange`. It reads two hours at most, and the newest note. */
export async function lastChange(executor: Executor): Promise<string> {
  const [{ mark }] = (await executor.run<{ mark: string }>(
    sql`select concat_ws('/', max(at), sum(count), (select max(n) from crossfade.mismatch_notes)) as mark
        from crossfade.mismatch_hours where hour >= ${thisHour} - 1`,
  )) as [{ mark: string }]
  return mark
}
