import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Findings, SeenGroup } from '../../src/stores/findings.ts'
import { hourOf } from '../../src/stores/postgres/hours.ts'
import { nothingSeen } from '../support/nothing-seen.ts'
import { emptyStores, openStores, type TestStores } from '../support/stores.ts'

let stores: TestStores
let findings: Findings
beforeAll(async () => {
  stores = await openStores([])
  findings = stores.postgres.findings
})
beforeEach(() => emptyStores(stores))
afterAll(() => stores.close())

const hourMs = 3_600_000

const seen = (fingerprint: string, count: number, agoMs = 0): Promise<unknown> => {
  const key = { fingerprint, type: 'Note', resolver: 'Query.notes', kind: 'divergence', path: fingerprint } as const
  const group: SeenGroup = { ...key, count, firstMs: agoMs, lastMs: agoMs, examples: [] }
  return findings.add({ ...nothingSeen, groups: [group] })
}

const recent = async (fingerprint: string, hours: number) =>
  (await findings.recent([fingerprint], hours)).get(fingerprint)

/** As if so many hours had gone by. */
const later = (hours: number): Promise<unknown> =>
  stores.postgres.connection.transaction(async (tx) => {
    const by = sql`${hours}::int * interval '1 hour'`
    await tx.run(sql`update crossfade.mismatch_hours set hour = hour - ${hours}::int, at = at - ${by}`)
    await tx.run(sql`update crossfade.verdict_hours set hour = hour - ${hours}::int`)
    await tx.run(
      sql`update crossfade.mismatch_groups set first_at = first_at - ${by}, last_at = last_at - ${by}, closed_at = closed_at - ${by}`,
    )
  })

test('a group is counted by the hour in which it was found, and hours without any are zero', async () => {
  await seen('a', 3)
  await later(2)
  await seen('a', 4, hourMs)
  await seen('a', 5)
  await seen('a', 6)
  await seen('b', 1)
  expect(await findings.recent(['a', 'b', 'none'], 4)).toEqual(
    new Map([
      ['a', [0, 3, 4, 11]],
      ['b', [0, 0, 0, 1]],
      ['none', [0, 0, 0, 0]],
    ]),
  )
  expect(await recent('a', 2)).toEqual([4, 11])
})

test('an hour begins at its full hour, whatever time zone a session has', async () => {
  await seen('a', 1)
  for (const zone of ['Asia/Kolkata', 'UTC'])
    await stores.postgres.connection.transaction(async (tx) => {
      await tx.run(sql`select set_config('timezone', ${zone}, true)`)
      const last = hourOf(sql`timestamptz '2026-11-30 05:59:59.999Z'`)
      const next = hourOf(sql`timestamptz '2026-11-30 06:00:00Z'`)
      const [row] = await tx.run(sql`select ${last} as last, ${next} as next`)
      expect(row).toEqual({ last: 498_893, next: 498_894 })
    })
  const [row] = await stores.postgres.connection.run<{ lies: boolean }>(
    sql`select at >= to_timestamp(hour * 3600) and at < to_timestamp((hour + 1) * 3600) as lies from crossfade.mismatch_hours`,
  )
  expect(row).toEqual({ lies: true })
})

test('a group that comes back begins anew, in the hour in which it was closed as well', async () => {
  await seen('a', 3)
  await later(1)
  await seen('a', 4)
  await findings.close('a', 'mended', 'Ann')
  expect(await recent('a', 2)).toEqual([3, 4])
  await seen('a', 5)
  expect(await recent('a', 2)).toEqual([0, 5])
})

test('a week is kept: older hours go as the group counts on, or expire, and all of them with the group', async () => {
  await seen('a', 3)
  await seen('b', 3)
  const verdicts = [{ type: 'Note', mapping: 'm', epoch: 1, verdict: 'matched', count: 5 }]
  await findings.add({ ...nothingSeen, verdicts })
  await later(167)
  await seen('a', 1)
  expect((await recent('a', 168))![0]).toBe(3)
  await later(1)
  await seen('a', 2)
  const left = (): Promise<unknown> =>
    stores.postgres.connection.run(
      sql`select fingerprint, count::int from crossfade.mismatch_hours order by fingerprint, hour`,
    )
  expect(await left()).toEqual([
    { fingerprint: 'a', count: 1 },
    { fingerprint: 'a', count: 2 },
    { fingerprint: 'b', count: 3 },
  ])
  expect(await findings.expire(30 * 24 * hourMs, 500)).toBe(2)
  expect(await stores.postgres.connection.run(sql`select from crossfade.verdict_hours`)).toEqual([])
  await stores.postgres.connection.run(sql`delete from crossfade.mismatch_groups where fingerprint = 'a'`)
  expect(await left()).toEqual([])
})

test('comparisons are counted by type, verdict and hour, over mappings and epochs', async () => {
  const row = { type: 'Note', mapping: 'm', epoch: 1, verdict: 'matched', count: 5 }
  await findings.add({ ...nothingSeen, verdicts: [row] })
  await later(1)
  await findings.add({
    ...nothingSeen,
    verdicts: [row, { ...row, epoch: 2 }, { ...row, verdict: 'diverged', count: 1 }],
  })
  expect(await findings.recentVerdicts(24)).toEqual([
    { type: 'Note', verdict: 'diverged', ago: 0, count: 1 },
    { type: 'Note', verdict: 'matched', ago: 1, count: 5 },
    { type: 'Note', verdict: 'matched', ago: 0, count: 10 },
  ])
  expect(await findings.recentVerdicts(1)).toHaveLength(2)
})
