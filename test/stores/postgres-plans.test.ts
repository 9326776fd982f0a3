import { describe, expect, test } from 'vitest'
import { judge, type PlanNode } from '../../src/stores/postgres/plan.ts'

/** Nodes of `EXPLAIN (FORMAT JSON)` as https://www.postgresql.org/docs/18/using-explain.html has them. */
const node = (type: string, more: Partial<PlanNode> = {}, ...inputs: PlanNode[]): PlanNode => ({
  'Node Type': type,
  ...more,
  ...(inputs.length > 0
    ? { Plans: inputs.map((input) => ({ 'Parent Relationship': 'Outer', ...input })) as PlanNode[] }
    : {}),
})
const on = (table: string, more: Partial<PlanNode> = {}): Partial<PlanNode> => ({ 'Relation Name': table, ...more })
const seq = node('Seq Scan', on('movies'))
const index = (name: string, more: Partial<PlanNode> = {}): PlanNode =>
  node('Index Scan', on('movies', { 'Index Name': name, ...more }))
const inner = (input: PlanNode): PlanNode => ({ ...input, 'Parent Relationship': 'Inner' })
const member = (input: PlanNode): PlanNode => ({ ...input, 'Parent Relationship': 'Member' })
const filter = { Filter: "(t.plot ~ 'abc'::text)" }

const indexes = new Map([
  ['by_title', { method: 'btree', first: 'title', partial: false }],
  ['by_quoted', { method: 'btree', first: '"order"', partial: false }],
  ['by_lower', { method: 'btree', first: 'lower(title)', partial: false }],
  ['by_genres', { method: 'gin', first: 'genres', partial: false }],
  ['of_open', { method: 'btree', first: 'title', partial: true }],
])
const byTitle = index('by_title', { 'Index Cond': "(t.title = 'a'::text)" })
const everything = { reads: 'everything', of: ['movies'] }

describe('A statement reads everything', () => {
  test.each<[string, PlanNode]>([
    ['by a scan of the table', node('Seq Scan', on('movies', filter))],
    ['by an index without a condition', index('by_title')],
    ['by an index alone without a condition', node('Index Only Scan', on('movies', { 'Index Name': 'by_title' }))],
    ['where only a later column is bounded', index('by_title', { 'Index Cond': '(year = 1)' })],
    ['though a value has the name of the first', index('by_title', { 'Index Cond': "(year = 'it''s title'::text)" })],
    ['of all that are not null', index('by_title', { 'Index Cond': '(title IS NOT NULL)' })],
    ['likewise, by a quoted name', index('by_quoted', { 'Index Cond': '(t."order" IS NOT NULL)' })],
    ['where a limit has to pass over rows', node('Limit', {}, index('by_title', filter))],
    ['where a sort needs all of them', node('Limit', {}, node('Sort', {}, seq))],
    ['where a group needs all of them', node('Limit', {}, node('Aggregate', {}, seq))],
    ['where a hash needs all of them', node('Hash Join', {}, byTitle, inner(node('Hash', {}, seq)))],
    [
      'where a join may leave rows out before the limit',
      node('Limit', {}, node('Nested Loop', { 'Join Type': 'Inner' }, seq, inner(byTitle))),
    ],
    [
      'for each row of another, limit or not',
      node('Limit', {}, node('Nested Loop', { 'Join Type': 'Left' }, byTitle, inner(seq))),
    ],
    [
      'in a subquery of a row',
      node('Limit', {}, { ...byTitle, Plans: [{ ...seq, 'Parent Relationship': 'SubPlan' }] }),
    ],
    ['in a subquery before all', node('Limit', {}, { ...seq, 'Parent Relationship': 'InitPlan' }, byTitle)],
    ['behind a filter of a subquery', node('Limit', {}, node('Subquery Scan', filter, seq))],
    ['in one part of a union', node('Append', {}, member(byTitle), member(seq))],
    ['by several workers', node('Limit', {}, node('Gather', {}, seq))],
    [
      'by a bitmap without a condition',
      node('Bitmap Heap Scan', on('movies'), node('Bitmap Index Scan', { 'Index Name': 'by_title' })),
    ],
    ['of a sample', node('Sample Scan', on('movies'))],
  ])('%s', (_, plan) => {
    expect(judge(plan, indexes)).toEqual(everything)
  })
})

describe('A statement reads every row that a partial index holds', () => {
  const ofOpen = { 'Index Name': 'of_open' }
  test.each<[string, PlanNode]>([
    ['without a condition', index('of_open')],
    ['where a limit has to pass over rows', node('Limit', {}, index('of_open', filter))],
    ['with the index alone', node('Index Only Scan', on('movies', { ...ofOpen, ...filter }))],
    ['of which all are not null', index('of_open', { 'Index Cond': '(title IS NOT NULL)' })],
    ['by a bitmap', node('Bitmap Heap Scan', on('movies', filter), node('Bitmap Index Scan', ofOpen))],
  ])('%s', (_, plan) => {
    expect(judge(plan, indexes)).toEqual({ reads: 'everything', of: ['the index of_open of movies'] })
  })
})

describe('A statement is bounded', () => {
  test.each<[string, PlanNode]>([
    ['by the first column of an index', byTitle],
    ['whatever is filtered besides', index('by_title', { 'Index Cond': "(title > 'a'::text)", ...filter })],
    ['by a value beside that', index('by_title', { 'Index Cond': "((title IS NOT NULL) AND (title < 'a'::text))" })],
    ['by a column whose name is quoted', index('by_quoted', { 'Index Cond': '(t."order" = 1)' })],
    ['by an expression', index('by_lower', { 'Index Cond': "(lower(t.title) = 'a'::text)" })],
    [
      'by an index of elements',
      node(
        'Bitmap Heap Scan',
        on('movies'),
        node('Bitmap Index Scan', { 'Index Name': 'by_genres', 'Index Cond': "(genres @> '{a}'::text[])" }),
      ),
    ],
    ['by a condition in a partial index', index('of_open', { 'Index Cond': "(title = 'a'::text)", ...filter })],
    ['by the end of a page of a partial index', node('Limit', {}, index('of_open'))],
    ['by the end of a page', node('Limit', {}, index('by_title'))],
    ['by the end of a page without an order', node('Limit', {}, seq)],
    [
      'by the end of a page that is nearly in order',
      node('Limit', {}, node('Incremental Sort', {}, index('by_title'))),
    ],
    ['by the end of a page of two ranges', node('Limit', {}, node('Merge Append', {}, member(byTitle), member(seq)))],
    [
      'by the end of a page that another table is joined to',
      node('Limit', {}, node('Nested Loop', { 'Join Type': 'Left' }, index('by_title'), inner(byTitle))),
    ],
    [
      'by a page for each key',
      node('Nested Loop', {}, node('Function Scan'), inner(node('Limit', {}, index('by_title')))),
    ],
    ['by the place of a row', node('Tid Scan', on('movies'))],
    ['without a table', node('Result', {}, node('Values Scan'))],
  ])('%s', (_, plan) => {
    expect(judge(plan, indexes)).toEqual({ reads: 'bounded' })
  })
})

test.each<[string, PlanNode]>([
  ['a node that nobody knows', node('Limit', {}, node('Crystal Ball'))],
  ['a table of another server', node('Foreign Scan', on('movies'))],
  ['a scan of an extension', node('Custom Scan', on('movies'))],
  ['a condition that never holds', node('Result', { 'One-Time Filter': 'false' })],
])('what has %s cannot be judged', (_, plan) => {
  expect(judge(plan, indexes)).toMatchObject({ reads: 'unknown' })
})
