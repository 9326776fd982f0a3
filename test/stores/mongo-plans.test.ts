import type { Document } from 'mongodb'
import { MaxKey, MinKey, ObjectId } from 'mongodb'
import { describe, expect, test } from 'vitest'
import { judge } from '../../src/stores/mongo/plan.ts'

/** Answers of `explain` as https://www.mongodb.com/docs/manual/reference/explain-results/ has them. */
const planner = (winningPlan: Document, parsedQuery: Document = {}): Document => ({
  queryPlanner: { namespace: 'shop.movies', indexFilterSet: false, parsedQuery, winningPlan, rejectedPlans: [] },
})
const find = (winningPlan: Document): Document => ({ explainVersion: '1', ...planner(winningPlan), ok: 1 })
const ixscan = (bounds: Document, more: Document = {}): Document => ({
  stage: 'IXSCAN',
  keyPattern: Object.fromEntries(Object.keys(bounds).map((path) => [path, 1])),
  indexName: 'an_index',
  isMultiKey: false,
  isSparse: false,
  isPartial: false,
  direction: 'forward',
  indexBounds: bounds,
  ...more,
})
const byTitle = (...intervals: string[]): Document => ixscan({ title: intervals })
const whole = byTitle('[MinKey, MaxKey]')
const over = (stage: string, inputStage: Document, more: Document = {}): Document => ({ stage, inputStage, ...more })
const collscan: Document = { stage: 'COLLSCAN', direction: 'forward' }
const filter = { plot: { $regex: 'abc' } }

const everything = { reads: 'everything', of: ['movies'] }
const bounded = { reads: 'bounded' }

describe('A find reads everything', () => {
  test.each<[string, Document]>([
    ['by a scan of the collection', { ...collscan, filter }],
    ['by an index from end to end', over('FETCH', whole, { filter })],
    ['the same in the other direction', over('FETCH', byTitle('[MaxKey, MinKey]'))],
    ['where a limit has to pass over documents', over('LIMIT', { ...collscan, filter })],
    ['likewise behind the fetch', over('LIMIT', over('FETCH', whole, { filter }))],
    ['where a sort needs all of them', over('LIMIT', over('SORT', collscan))],
    ['where only a later key of the index is bounded', ixscan({ title: ['[MinKey, MaxKey]'], year: ['[1, 1]'] })],
    ['of all texts, which an unanchored expression asks', byTitle('["", {})', '[/abc/, /abc/]')],
    ['of all ids', ixscan({ _id: [`[ObjectId('${'0'.repeat(24)}'), ObjectId('${'f'.repeat(24)}')]`] })],
    ['of all dates', ixscan({ day: ['[new Date(-9223372036854775808), new Date(9223372036854775807)]'] })],
    ['of all numbers', ixscan({ year: ['[nan.0, inf.0]'] })],
    ['of all but one value', byTitle('[MinKey, "a, b")', '("a, b", MaxKey]')],
    ['likewise, with a quotation mark in it', byTitle(String.raw`[MinKey, "a\", b")`, String.raw`("a\", b", MaxKey]`)],
    ['of all that are not null', byTitle('[MinKey, undefined)', '(null, MaxKey]')],
    ['in one branch of several', { stage: 'OR', inputStages: [byTitle('["a", "a"]'), { ...collscan, filter }] }],
    ['merged from two orders of which one is whole', over('FETCH', { stage: 'SORT_MERGE', inputStages: [whole] })],
    ['by a clustered collection without bounds', { stage: 'CLUSTERED_IXSCAN' }],
  ])('%s', (_, plan) => {
    expect(judge(find(plan))).toEqual(everything)
    // The slot-based engine has the same plan beside its programs, a sharded cluster one of each shard
    const slots = { slotBasedPlan: { stages: '[1] scan …' }, queryPlan: plan }
    expect(judge({ ...find(slots), explainVersion: '2' })).toEqual(everything)
    const shards = [{ shardName: 'one', winningPlan: over('FETCH', byTitle('["a", "a"]')) }, { winningPlan: slots }]
    expect(judge(find({ stage: 'SHARD_MERGE', shards }))).toEqual(everything)
  })
})

describe('A find is bounded', () => {
  test.each<[string, Document]>([
    ['by one value', over('FETCH', byTitle('["a", "a"]'), { filter })],
    ['by null, which is one value', over('FETCH', byTitle('[null, null]', '[undefined, undefined]'))],
    ['by several values', over('FETCH', byTitle('["a", "a"]', '["b", "b"]'))],
    ['by one end', over('FETCH', ixscan({ year: ['[1999, inf.0]'] }))],
    ['by a prefix that holds brackets and commas', byTitle(String.raw`["a\", [b", "a\", [c")`, '[/^a/, /^a/]')],
    ['by the end of a page', over('LIMIT', over('PROJECTION_SIMPLE', over('FETCH', whole)))],
    ['by the end of a page without an order', over('LIMIT', collscan)],
    ['by a page of a merged order', over('LIMIT', { stage: 'SORT_MERGE', inputStages: [whole, whole] })],
    ['by one value in a partial index', ixscan({ state: ['["a", "a"]'] }, { isPartial: true })],
    ['by one value in a sparse index', ixscan({ state: ['["a", "a"]'] }, { isSparse: true })],
    ['by what our own indexes hold', ixscan({ '_cf.deleted': ['[MinKey, MaxKey]'] }, { isPartial: true })],
    ['by the path in a wildcard index', ixscan({ $_path: ['["title", "title"]'], title: ['["a", "a"]'] })],
    ['by the id', { stage: 'IDHACK' }],
    ['by the express path', { stage: 'EXPRESS_IXSCAN', keyPattern: '{ _id: 1 }', indexName: '_id_' }],
    ['by a clustered collection’s key', { stage: 'CLUSTERED_IXSCAN', minRecord: 1, maxRecord: 1 }],
    ['by words', over('TEXT_MATCH', byTitle('["a", "a"]'))],
    ['by one shard', { stage: 'SINGLE_SHARD', shards: [{ winningPlan: over('LIMIT', whole) }] }],
  ])('%s', (_, plan) => {
    expect(judge(find(plan))).toEqual(bounded)
    expect(judge(find({ queryPlan: plan, slotBasedPlan: {} }))).toEqual(bounded)
  })
})

describe('A find reads all that an index holds', () => {
  const all = ['[MinKey, MaxKey]']
  const counted = { startKey: { title: new MinKey() }, endKey: { title: new MaxKey() } }
  test.each<[string, Document]>([
    ['where the index is partial', over('FETCH', ixscan({ title: all }, { isPartial: true }), { filter })],
    ['where it is sparse', over('FETCH', ixscan({ title: all }, { isSparse: true }), { filter })],
    ['of all texts', ixscan({ title: ['["", {})'] }, { isPartial: true })],
    ['in a count', { stage: 'COUNT_SCAN', indexName: 'an_index', isSparse: true, indexBounds: counted }],
  ])('%s', (_, plan) => {
    expect(judge(find(plan))).toEqual({ reads: 'everything', of: ['the index an_index of movies'] })
  })
})

describe('Where the plan that won walks an order with a filter, another tells that an index finds what matches', () => {
  const won = over('LIMIT', over('FETCH', whole, { filter }))
  const sorted = over('SORT', over('FETCH', ixscan({ year: ['[1999, 1999]'] })))
  const among = (...rejectedPlans: Document[]): Document => {
    const { queryPlanner } = planner(won)
    return { queryPlanner: { ...queryPlanner, rejectedPlans } }
  }
  test('in a find, by any of the plans', () => {
    expect(judge(among(sorted))).toEqual(bounded)
    expect(judge(among({ queryPlan: won }, { queryPlan: sorted }))).toEqual(bounded)
    expect(judge(among(won, over('SORT', over('FETCH', whole, { filter }))))).toEqual(everything)
    expect(judge(among({ stage: 'TELEPATHY' }))).toEqual(everything)
  })
  test('in a pipeline and on a shard', () => {
    expect(judge({ stages: [{ $cursor: among(sorted) }, { $group: { _id: '$a' } }] })).toEqual(bounded)
    const shard = (rejectedPlans: Document[]) => ({ winningPlan: won, rejectedPlans })
    const sharded = (...shards: Document[]) => judge(find({ stage: 'SHARD_MERGE', shards }))
    expect(sharded(shard([sorted]), shard([sorted]))).toEqual(bounded)
    expect(sharded(shard([sorted]), shard([]))).toEqual(everything)
  })
})

describe('An aggregate', () => {
  const aggregate = (plan: Document, ...stages: Document[]): Document => ({
    explainVersion: '1',
    stages: [{ $cursor: planner(plan) }, ...stages],
    ok: 1,
  })
  test.each<[string, Document, object]>([
    ['groups all', aggregate(collscan, { $group: { _id: '$a' } }), everything],
    ['groups what an index finds', aggregate(byTitle('["a", "a"]'), { $group: { _id: '$a' } }), bounded],
    ['ends behind a limit', aggregate(collscan, { $project: { a: 1 } }, { $limit: 20 }), bounded],
    ['orders before its limit', aggregate(collscan, { $sort: { a: 1 } }, { $limit: 20 }), everything],
    ['filters before its limit', aggregate(collscan, { $match: { a: 1 } }, { $limit: 20 }), everything],
    ['is pushed down', { explainVersion: '2', ...planner({ queryPlan: over('GROUP', collscan) }) }, everything],
    [
      'is sharded',
      { splitPipeline: null, shards: { one: aggregate(whole), two: planner(byTitle('["a", "a"]')) } },
      everything,
    ],
    ['is sharded and bounded', { shards: { one: aggregate(byTitle('["a", "a"]')) } }, bounded],
    [
      'looks up without an index',
      planner(over('EQ_LOOKUP', over('LIMIT', collscan), { strategy: 'HashJoin', foreignCollection: 'shop.users' })),
      { reads: 'everything', of: ['users'] },
    ],
    [
      'looks up by one',
      planner(over('EQ_LOOKUP', over('LIMIT', collscan), { strategy: 'IndexedLoopJoin', foreignCollection: 'a.b' })),
      bounded,
    ],
    [
      'looks up in a way that is not told',
      aggregate(byTitle('["a", "a"]'), { $lookup: { from: 'users', as: 'a' } }),
      { reads: 'unknown', why: 'what its $lookup reads is not explained' },
    ],
    [
      'does so deep inside',
      aggregate(byTitle('["a", "a"]'), { $facet: { a: [{ $unionWith: 'users' }] } }),
      { reads: 'unknown', why: 'what its $unionWith reads is not explained' },
    ],
  ])('that %s', (_, answer, expected) => {
    expect(judge(answer)).toEqual(expected)
  })
})

test.each<[string, Document, object]>([
  ['all keys', { startKey: { _id: new MinKey() }, endKey: { _id: new MaxKey() } }, everything],
  [
    'all ids',
    { startKey: { _id: new ObjectId('0'.repeat(24)) }, endKey: { _id: new ObjectId('f'.repeat(24)) } },
    everything,
  ],
  ['one value', { startKey: { title: 'a' }, endKey: { title: 'a' } }, bounded],
  ['one null', { startKey: { title: null }, endKey: { title: null } }, bounded],
  ['what is behind a value', { startKey: { year: 1999 }, endKey: { year: Number.POSITIVE_INFINITY } }, bounded],
])('a count by an index of %s', (_, indexBounds, expected) => {
  expect(judge(find(over('COUNT', { stage: 'COUNT_SCAN', indexBounds })))).toEqual(expected)
})

test('a count that the server keeps reads nothing', () => {
  expect(judge(find({ stage: 'RECORD_STORE_FAST_COUNT' }))).toEqual(bounded)
})

test.each<[string, Document]>([
  ['no plan at all', { ok: 1 }],
  ['a pipeline that begins with no cursor', { stages: [{ $collStats: {} }] }],
  ['no shard', { shards: {} }],
  ['a stage that nobody knows', find(over('LIMIT', { stage: 'TELEPATHY' }))],
  ['nothing but a plan that reads nothing', find({ stage: 'EOF' })],
  ['an index without bounds', find(over('FETCH', { stage: 'IXSCAN', keyPattern: { a: 1 } }))],
  ['bounds of another form', find(byTitle('from a to b'))],
  ['a plan without stages', find({})],
])('what has %s cannot be judged', (_, answer) => {
  expect(judge(answer)).toMatchObject({ reads: 'unknown' })
})
