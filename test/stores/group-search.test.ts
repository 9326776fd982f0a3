import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Findings, GroupSearch, SeenGroup } from '../../src/stores/findings.ts'
import { nothingSeen } from '../support/nothing-seen.ts'
import { openStores, type TestStores } from '../support/stores.ts'

let stores: TestStores
let findings: Findings

const group = (fingerprint: string, count: number, change: Partial<SeenGroup> = {}): SeenGroup => ({
  fingerprint,
  type: 'Note',
  resolver: 'Query.notes',
  kind: 'divergence',
  path: 'title',
  count,
  firstMs: 0,
  lastMs: 0,
  examples: [],
  ...change,
})

beforeAll(async () => {
  stores = await openStores([])
  findings = stores.postgres.findings
  const { triage } = stores.postgres
  await findings.add({
    ...nothingSeen,
    groups: [
      group('a1', 5, { firstMs: 1_000, lastMs: 1_000 }),
      group('b2', 7, { path: '100%_Price', firstMs: 9_000 }),
      group('c3', 5, { kind: 'missing', path: '' }),
      group('d4', 1, { type: 'Tag', resolver: 'Note.tags' }),
      group('e5', 2, { path: 'text' }),
      group('f6', 3, { path: 'text', resolver: 'Query.note' }),
    ],
  })
  const until = new Date(Date.now() + 86_400_000)
  await triage.judge('f6', { verdict: 'noise', by: 'Ann', why: 'spaces', until, isHereOnly: true })
  await triage.assign('d4', 'Cyd', 'Ann')
  await findings.close('a1', 'repaired', 'Ann')
})
afterAll(() => stores.close())

async function found(search: Partial<GroupSearch>): Promise<readonly [string, number]> {
  const { groups, total } = await findings.search({ sort: 'count', limit: 10, offset: 0, ...search })
  return [groups.map(({ fingerprint }) => fingerprint).join(' '), total]
}

test('groups are found by state, type and kind', async () => {
  expect(await found({})).toEqual(['b2 a1 c3 f6 e5 d4', 6])
  expect(await found({ state: 'open' })).toEqual(['b2 c3 e5 d4', 4])
  expect(await found({ state: 'covered' })).toEqual(['f6', 1])
  expect(await found({ state: 'closed' })).toEqual(['a1', 1])
  expect(await found({ type: 'Tag' })).toEqual(['d4', 1])
  expect(await found({ type: 'Note', kind: 'missing' })).toEqual(['c3', 1])
  expect(await found({ type: "Note'; drop table crossfade.mismatch_groups --" })).toEqual(['', 0])
})

test('and by a part of what names them, which is taken as it is written', async () => {
  expect(await found({ text: 'QUERY.NOTE' })).toEqual(['b2 a1 c3 f6 e5', 5])
  expect(await found({ text: '%_price' })).toEqual(['b2', 1])
  expect(await found({ text: '_' })).toEqual(['b2', 1])
  expect(await found({ text: 'cyd' })).toEqual(['d4', 1])
  expect(await found({ text: 'e5' })).toEqual(['e5', 1])
})

test('a part at a time, in the order that is asked for', async () => {
  expect(await found({ limit: 2 })).toEqual(['b2 a1', 6])
  expect(await found({ limit: 2, offset: 4 })).toEqual(['e5 d4', 6])
  expect(await found({ limit: 2, offset: 6 })).toEqual(['', 6])
  expect((await found({ sort: 'firstAt' }))[0].slice(-5)).toBe('a1 b2')
  expect((await found({ sort: 'lastAt' }))[0].slice(-2)).toBe('a1')
})
