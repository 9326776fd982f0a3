import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { SeenCoverage } from '../../src/stores/coverage.ts'
import type { Findings } from '../../src/stores/findings.ts'
import { postgresFindings } from '../../src/stores/postgres/findings.ts'
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

const row = (change: Partial<SeenCoverage> = {}): SeenCoverage => ({
  type: 'Note',
  mapping: 'now',
  epoch: 3,
  resolver: 'Query.notes',
  path: 'title',
  read: 10,
  compared: 4,
  matched: 3,
  repeated: 2,
  flapped: 1,
  agoMs: 0,
  ...change,
})

const seen = (...coverage: SeenCoverage[]): Promise<unknown> => findings.add({ ...nothingSeen, coverage })

test('what several gateways and selections read and compared of a field adds up, by resolver and path', async () => {
  const batch = [
    row(),
    row({ read: 1, compared: 1, matched: 1 }),
    row({ path: 'price' }),
    row({ resolver: 'Query.note' }),
  ]
  await Promise.all([seen(...batch), seen(...batch)])
  const counts = (await findings.coverage('Note', 'now', 3)).map(({ lastAt: _, ...each }) => each)
  expect(counts).toEqual([
    { resolver: 'Query.notes', path: 'price', read: 20, compared: 8, matched: 6, repeated: 4, flapped: 2 },
    { resolver: 'Query.note', path: 'title', read: 20, compared: 8, matched: 6, repeated: 4, flapped: 2 },
    { resolver: 'Query.notes', path: 'title', read: 22, compared: 10, matched: 8, repeated: 8, flapped: 4 },
  ])
})

test('what was counted under another mapping, at an earlier epoch, or of another type is no evidence', async () => {
  await seen(row({ mapping: 'before' }), row({ epoch: 2 }), row({ type: 'Book' }))
  expect(await findings.coverage('Note', 'now', 3)).toEqual([])
  await seen(row({ epoch: 3 }), row({ epoch: 4 }))
  expect(await findings.coverage('Note', 'now', 3)).toMatchObject([{ read: 20 }])
  const verdict = { type: 'Note', mapping: 'now', epoch: 3, verdict: 'matched', count: 5 }
  const verdicts = [verdict, { ...verdict, mapping: 'before' }, { ...verdict, epoch: 2 }, { ...verdict, epoch: 4 }]
  await findings.add({ ...nothingSeen, verdicts: [...verdicts, { ...verdict, verdict: 'noise', count: 2 }] })
  expect(await findings.comparisons('Note', 'now', 3)).toEqual({ matched: 10, noise: 2 })
  expect(await findings.comparisons('Note', 'later', 1)).toEqual({})
  expect(await findings.verdicts()).toMatchObject([
    { verdict: 'matched', count: 20 },
    { verdict: 'noise', count: 2 },
  ])
})

test('the last comparison is the latest of all, and none is told of what was read alone', async () => {
  await seen(row({ agoMs: 3_600_000 }))
  await seen(row({ agoMs: 7_200_000 }), row({ path: 'price', compared: 0, matched: 0, agoMs: null }))
  const [price, title] = await findings.coverage('Note', 'now', 3)
  expect(price).toMatchObject({ read: 10, compared: 0, lastAt: null })
  expect((Date.now() - title!.lastAt!.getTime()) / 3_600_000).toBeCloseTo(1, 1)
  await seen(row({ compared: 0, matched: 0, agoMs: null }))
  expect((await findings.coverage('Note', 'now', 3))[1]!.lastAt).toEqual(title!.lastAt)
})

test('what nobody has read for three months is forgotten, so that mappings and epochs do not pile up', async () => {
  const { connection } = stores.postgres
  const verdicts = [{ type: 'Note', mapping: 'before', epoch: 1, verdict: 'matched', count: 5 }]
  await findings.add({ ...nothingSeen, coverage: [row({ mapping: 'before' }), row()], verdicts })
  await connection.run(sql`update crossfade.shadow_coverage set at = at - interval '91 days' where mapping = 'before'`)
  await connection.run(sql`update crossfade.shadow_verdicts set at = at - interval '91 days'`)
  await postgresFindings(connection).add({ ...nothingSeen, coverage: [row()] })
  expect(await findings.coverage('Note', 'before', 1)).toEqual([])
  expect(await findings.comparisons('Note', 'before', 1)).toEqual({})
  expect(await findings.coverage('Note', 'now', 1)).toMatchObject([{ read: 20 }])
})
