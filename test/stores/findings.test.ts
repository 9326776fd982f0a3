import { Kysely, PostgresDialect, sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Findings, Seen, SeenGroup } from '../../src/stores/findings.ts'
import { migrateUp } from '../../src/stores/postgres/migrate.ts'
import { up as control } from '../../src/stores/postgres/migrations/0001-control.ts'
import { up as shadow } from '../../src/stores/postgres/migrations/0002-shadow.ts'
import { up as triage } from '../../src/stores/postgres/migrations/0009-triage.ts'
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

const group = (id: string, agoMs = 0, count = 1): SeenGroup => ({
  fingerprint: 'abcdef012345',
  type: 'Note',
  resolver: 'Query.notes',
  kind: 'divergence',
  path: 'title',
  count,
  firstMs: agoMs,
  lastMs: agoMs,
  examples: [{ subject: `id ${id}`, id, agoMs, example: { args: {} } }],
})

const seen = (...groups: SeenGroup[]): Promise<unknown> => findings.add({ ...nothingSeen, groups })

test('a group that is closed and seen again comes back as new, with the reason it was closed for', async () => {
  await seen(group('old', 0, 5))
  const [open] = await findings.groups()
  expect(open).toMatchObject({ count: 5, closedAt: null, closedWhy: null, reopenedAt: null })

  expect(await findings.close('abcd', 'repaired by hand', 'Ann')).toMatchObject({
    count: 5,
    closedWhy: 'repaired by hand',
  })
  expect(await findings.groups()).toEqual([])
  expect(await findings.groups('closed')).toMatchObject([{ count: 5, closedAt: expect.any(Date) }])

  await seen(group('new', 0, 2))
  const [back] = await findings.groups()
  expect(back).toMatchObject({ count: 2, closedAt: null, closedWhy: 'repaired by hand', reopenedAt: expect.any(Date) })
  expect(back!.firstAt.getTime()).toBeGreaterThanOrEqual(open!.lastAt.getTime())
  expect((await findings.show('abcd'))!.examples.map(({ id }) => id)).toEqual(['new'])
  expect(await findings.groups('closed')).toEqual([])
})

test('of a record there are the groups of its type that have it for an example, the newest first', async () => {
  await seen(
    group('a', 5_000),
    { ...group('a'), fingerprint: 'fedcba', path: 'year' },
    { ...group('a'), fingerprint: '999999', type: 'Book' },
    { ...group('b'), fingerprint: '888888', path: 'name' },
  )
  const found = await findings.ofRecord('Note', 'a', 10)
  expect(found.map(({ fingerprint, path }) => [fingerprint, path])).toEqual([
    ['fedcba', 'year'],
    ['abcdef012345', 'title'],
  ])
  expect(found[0]).toMatchObject({ type: 'Note', resolver: 'Query.notes', kind: 'divergence', at: expect.any(Date) })
  expect(await findings.ofRecord('Note', 'a', 1)).toHaveLength(1)
  expect(await findings.ofRecord('Note', 'c', 10)).toEqual([])
})

test('a group is told as new once, though what another gateway saw before that comes later', async () => {
  expect(await seen(group('a', 5_000))).toEqual(['abcdef012345'])
  expect(await seen(group('b'))).toEqual([])
  await findings.close('abcd', 'done', 'Ann')
  expect(await seen(group('c'))).toEqual(['abcdef012345'])
  expect(await seen(group('d', 60_000))).toEqual([])
  expect(await seen(group('e'))).toEqual([])
})

test('what was found before a group was closed, and told after, does not bring it back', async () => {
  await seen(group('a'))
  await findings.close('abcd', 'done', 'Ann')
  await seen(group('b', 60_000))
  expect(await findings.groups()).toEqual([])
  expect(await findings.groups('closed')).toMatchObject([{ count: 2 }])
})

test('twenty records at most have an example, over all batches; a record that has one gets the newest', async () => {
  const example = (n: number, text: string): SeenGroup['examples'][number] => ({
    subject: `id ${n}`,
    id: String(n),
    agoMs: 0,
    example: { args: text },
  })
  const batch = (from: number, to: number, text: string): SeenGroup => ({
    ...group('a'),
    examples: Array.from({ length: to - from }, (_, index) => example(from + index, text)),
  })
  await seen(batch(0, 15, 'first'))
  await seen(batch(10, 30, 'second'))
  const { group: kept, examples } = (await findings.show('abcd'))!
  expect(kept.count).toBe(2)
  expect(examples).toHaveLength(20)
  const textOf = (id: string): unknown => (examples.find((each) => each.id === id)!.example as { args: string }).args
  expect([textOf('9'), textOf('10'), textOf('14')]).toEqual(['first', 'second', 'second'])
})

test('a group is closed once, by an unambiguous beginning of its name', async () => {
  await seen(group('a'), { ...group('b'), fingerprint: 'abcdefffffff', path: 'year' })
  expect(await findings.close('abcdef', 'why', 'Ann')).toBeNull()
  expect(await findings.close('abcdef0', 'why', 'Ann')).not.toBeNull()
  expect(await findings.close('abcdef0', 'another why', 'Ann')).toBeNull()
  expect(await findings.show('abcdef0')).toMatchObject({ group: { closedWhy: 'why' } })
})

test('times are those of finding, by the store’s clock, however late they are told', async () => {
  await seen({ ...group('a', 3_600_000), lastMs: 1_800_000 })
  const [{ ago }] = (await stores.postgres.connection.run<{ ago: number[] }>(
    sql`select array[extract(epoch from now() - first_at), extract(epoch from now() - last_at)]::float8[] as ago
        from crossfade.mismatch_groups`,
  )) as [{ ago: number[] }]
  expect(ago[0]).toBeCloseTo(3_600, -2)
  expect(ago[1]).toBeCloseTo(1_800, -2)
})

test('what could not be decided adds up by type and reason, with what is owed longest as last seen', async () => {
  const owed = { type: 'Note', reason: 'owed', count: 2, id: '7', owedMs: 90_000 } as const
  const changing = { type: 'Note', reason: 'changing', count: 1, id: null, owedMs: null } as const
  await findings.add({ ...nothingSeen, undecided: [owed, changing] })
  await findings.add({ ...nothingSeen, undecided: [{ ...owed, count: 3, id: '8', owedMs: 5_000 }] })
  const undecided = await findings.undecided()
  expect(undecided).toMatchObject([
    { type: 'Note', reason: 'changing', count: 1, id: null, owedMs: null },
    { type: 'Note', reason: 'owed', count: 5, id: '8' },
  ])
  expect(undecided[1]!.owedMs).toBeCloseTo(5_000, -3)
})

test('times, failures and verdicts of several gateways add up', async () => {
  const place = { type: 'Note', resolver: 'Query.notes', store: 'postgres' } as const
  const batch: Seen = {
    ...nothingSeen,
    timings: [{ ...place, bucket: 80, count: 3 }],
    failures: [
      { ...place, kind: 'outage', reason: 'ECONNREFUSED', count: 2 },
      { ...place, kind: 'error', reason: '42883', count: 1 },
    ],
    verdicts: [{ type: 'Note', mapping: 'm', epoch: 1, verdict: 'matched', count: 10 }],
  }
  await Promise.all([findings.add(batch), findings.add(batch)])
  expect(await findings.timings()).toEqual([{ ...place, bucket: 80, count: 6 }])
  expect(await findings.failures()).toMatchObject([
    { reason: '42883', count: 2 },
    { reason: 'ECONNREFUSED', count: 4 },
  ])
  expect(await findings.failures('outage')).toMatchObject([{ reason: 'ECONNREFUSED', count: 4 }])
  expect(await findings.verdicts()).toEqual([{ type: 'Note', verdict: 'matched', count: 20 }])
  await findings.clearTimings()
  expect([...(await findings.timings()), ...(await findings.failures())]).toEqual([])
  expect(await findings.verdicts()).toHaveLength(1)
})

test('a batch that cannot be kept leaves nothing of itself', async () => {
  const unknown = {
    ...nothingSeen,
    timings: [{ type: 'Note', resolver: 'r', store: 'postgres', bucket: 40_000, count: 1 }],
  } as const
  await expect(findings.add({ ...unknown, groups: [group('a')] })).rejects.toThrow('out of range')
  expect(await findings.groups()).toEqual([])
})

test('what an earlier release has kept stays: groups, and of each record the newest example; timeouts go', async () => {
  const { connection } = stores.postgres
  await connection.run(sql`drop schema crossfade cascade`)
  const db = new Kysely<unknown>({ dialect: new PostgresDialect({ pool: connection.pool }) })
  await sql`create schema crossfade`.execute(db)
  await control(db)
  for (const [fingerprint, kind] of [
    ['aaa', 'divergence'],
    ['bbb', 'timeout'],
  ] as const) {
    await connection.run(
      sql`insert into crossfade.mismatch_groups (fingerprint, entity, resolver, kind, path, count)
          values (${fingerprint}, 'Note', 'Query.notes', ${kind}, '', 3)`,
    )
    await connection.run(
      sql`insert into crossfade.mismatch_examples (fingerprint, id, example)
          values (${fingerprint}, '1', '{"n":1}'), (${fingerprint}, '1', '{"n":2}'), (${fingerprint}, null, '{"args":{}}')`,
    )
  }
  await shadow(db)
  await triage(db)
  const shown = (await findings.show('aaa'))!
  expect(shown.group).toMatchObject({ count: 3, closedAt: null })
  expect(shown.examples.map(({ id, example }) => [id, example])).toEqual([
    [null, { args: {} }],
    ['1', { n: 2 }],
  ])
  expect(await findings.show('bbb')).toBeNull()
  await connection.run(sql`drop schema crossfade cascade`)
  await migrateUp(connection, {})
})

/** A group with one example, whose question has these arguments. */
const example = (fingerprint: string, type: string, id: string, args: object): SeenGroup => ({
  ...group(id),
  fingerprint,
  type,
  examples: [{ subject: id, id, agoMs: 0, example: JSON.parse(JSON.stringify({ args })) }],
})

test('a number is forgotten where it is a record of its type, and left alone where it may mean anything else', async () => {
  await seen(
    example('a1', 'Note', '7', {}),
    example('a2', 'Note', '8', { where: [{ value: 7 }] }),
    example('a3', 'Note', '9', { where: [{ value: 70, text: 'by 7' }] }),
    example('b1', 'Other', '7', { value: 7 }),
  )
  expect(await findings.forget('Note', 7, false)).toBe(2)
  expect(await findings.forget('Note', 7, true)).toBe(2)
  expect(await findings.forget('Note', 7, true)).toBe(0)
  const left = await Promise.all(['a1', 'a2', 'a3', 'b1'].map((name) => findings.show(name)))
  expect(left.map((each) => each!.examples.length)).toEqual([0, 0, 1, 1])
})

test('an id that is text, as the digits of a long are, is no null', async () => {
  const id = '9007199254740993'
  await seen(
    example('c1', 'Note', id, {}),
    example('c2', 'Note', '8', { inside: [id, null] }),
    example('c3', 'Note', '9', { after: null }),
  )
  expect(await findings.forget('Note', id, true)).toBe(2)
  const left = await Promise.all(['c1', 'c2', 'c3'].map((name) => findings.show(name)))
  expect(left.map((each) => each!.examples.length)).toEqual([0, 0, 1])
})
