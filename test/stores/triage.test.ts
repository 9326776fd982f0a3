import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Findings, SeenGroup } from '../../src/stores/findings.ts'
import type { Triage } from '../../src/stores/triage.ts'
import { nothingSeen } from '../support/nothing-seen.ts'
import { emptyStores, openStores, type TestStores } from '../support/stores.ts'

let stores: TestStores
let findings: Findings
let triage: Triage
beforeAll(async () => {
  stores = await openStores([])
  findings = stores.postgres.findings
  triage = stores.postgres.triage
})
beforeEach(() => emptyStores(stores))
afterAll(() => stores.close())

const group = (fingerprint: string, resolver: string, change: Partial<SeenGroup> = {}): SeenGroup => ({
  fingerprint,
  type: 'Note',
  resolver,
  kind: 'divergence',
  path: 'price',
  count: 1,
  firstMs: 0,
  lastMs: 0,
  examples: [],
  ...change,
})

const seen = (...groups: SeenGroup[]): Promise<unknown> => findings.add({ ...nothingSeen, groups })
const names = async (...given: Parameters<Findings['groups']>): Promise<string[]> =>
  (await findings.groups(...given)).map(({ fingerprint }) => fingerprint)

const inADay = (): Date => new Date(Date.now() + 86_400_000)
const accepted = (change: { until?: Date; isHereOnly?: boolean } = {}) =>
  ({ verdict: 'accepted', by: 'Ann', why: 'rounded', until: inADay(), isHereOnly: false, ...change }) as const

test('what is accepted of a field is counted on, and open nowhere that it is read', async () => {
  await seen(group('aaa', 'Query.note'), group('bbb', 'Query.notes'), group('ccc', 'Query.note', { path: 'title' }))
  const judged = await triage.judge('aa', accepted())
  expect(judged).toMatchObject({ fingerprint: 'aaa', rule: { verdict: 'accepted', resolver: null, by: 'Ann' } })
  expect(await names()).toEqual(['ccc'])
  expect(await names('covered')).toEqual(['aaa', 'bbb'])
  await seen(group('bbb', 'Query.notes', { count: 4 }), group('ddd', 'Note.children'))
  expect((await findings.groups('covered')).map(({ count }) => count)).toEqual([5, 1, 1])
  expect(await names()).toEqual(['ccc'])
})

test('for its resolver alone, where that is asked for, or where it is no value of a field', async () => {
  await seen(group('aaa', 'Query.note'), group('bbb', 'Query.notes'))
  await triage.judge('aaa', accepted({ isHereOnly: true }))
  expect(await names()).toEqual(['bbb'])
  const missing = { kind: 'missing', path: '' } as const
  await seen(group('eee', 'Query.note', missing), group('fff', 'Query.notes', missing))
  await triage.judge('eee', { ...accepted(), verdict: 'noise' })
  expect(await names()).toEqual(['bbb', 'fff'])
})

test('a rule that is over covers nothing, and is still told', async () => {
  await seen(group('aaa', 'Query.note'))
  await triage.judge('aaa', accepted({ until: new Date(Date.now() + 700) }))
  expect(await names()).toEqual([])
  await sleep(900)
  expect(await names()).toEqual(['aaa'])
  expect(await triage.rulesInForce()).toEqual([])
  expect(await triage.rules()).toMatchObject([{ isInForce: false, why: 'rounded' }])
})

test('a rule that is made anew takes the place of the one before', async () => {
  await seen(group('aaa', 'Query.note'))
  await triage.judge('aaa', accepted())
  await triage.judge('aaa', { ...accepted(), verdict: 'noise', why: 'differs with itself' })
  expect(await triage.rules()).toMatchObject([{ verdict: 'noise', why: 'differs with itself' }])
})

test('a bug is open, ends the rules that covered it, and is none any more once it is accepted or closed', async () => {
  await seen(group('aaa', 'Query.note'), group('bbb', 'Query.notes'))
  await triage.judge('bbb', accepted())
  expect(await triage.judge('aaa', { verdict: 'bug', by: 'Bob', why: 'cents are lost' })).toMatchObject({
    isBug: true,
    rule: null,
  })
  expect(await names()).toEqual(['aaa', 'bbb'])
  await triage.judge('bbb', accepted())
  expect((await findings.groups('covered')).map(({ isBug }) => isBug)).toEqual([false, false])
  await triage.judge('aaa', { verdict: 'bug', by: 'Bob', why: 'really' })
  expect(await findings.close('aaa', 'mended', 'Bob')).toMatchObject({ isBug: false, closedWhy: 'mended' })
})

test('a bug that was mended and is seen again is new', async () => {
  await seen(group('aaa', 'Query.note'))
  await triage.judge('aaa', { verdict: 'bug', by: 'Bob', why: 'cents are lost' })
  await triage.assign('aaa', 'Cy', 'Bob')
  await findings.close('aaa', 'mended', 'Bob')
  await seen(group('aaa', 'Query.note'))
  expect(await findings.groups()).toMatchObject([{ isBug: false, assignee: 'Cy', reopenedAt: expect.any(Date) }])
})

test('who said what, when and why is told in order, with the reasons that a rule was dropped and a group closed for', async () => {
  await seen(group('aaa', 'Query.note'))
  await triage.judge('aaa', accepted())
  await triage.assign('aaa', 'Cy', 'Ann')
  await triage.comment('aaa', 'since May', 'Bob')
  const [rule] = await triage.rules()
  expect(await triage.drop(rule!.name.slice(0, 6), 'Bob', 'a bug after all')).toMatchObject({ name: rule!.name })
  expect(await names()).toEqual(['aaa'])
  await findings.close('aaa', 'mended', 'Dee')
  expect(await triage.notes('aaa')).toEqual([
    { at: expect.any(Date), by: 'Ann', act: 'accepted', text: 'rounded', until: rule!.until },
    { at: expect.any(Date), by: 'Ann', act: 'assigned', text: 'Cy', until: null },
    { at: expect.any(Date), by: 'Bob', act: 'comment', text: 'since May', until: null },
    { at: expect.any(Date), by: 'Bob', act: 'dropped', text: 'a bug after all', until: null },
    { at: expect.any(Date), by: 'Dee', act: 'closed', text: 'mended', until: null },
  ])
})

test('what names no one group, or no one rule, changes nothing', async () => {
  await seen(group('aaa', 'Query.note'), group('aab', 'Query.notes'))
  expect(await triage.judge('aa', accepted())).toBeNull()
  expect(await triage.comment('b', 'text', 'Ann')).toBeNull()
  expect(await triage.drop('', 'Ann', 'why')).toBeNull()
  expect(await triage.rules()).toEqual([])
  expect([...(await triage.notes('aaa')), ...(await triage.notes('aab'))]).toEqual([])
})
