import { defineEntity, int, objectId, text, timestamp } from 'crossfade'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fieldSet } from '../../src/entity/field-set.ts'
import { encodeCursor } from '../../src/query/cursor.ts'
import type { OrderKey } from '../../src/query/order.ts'
import { type PageArgs, planPage } from '../../src/query/page.ts'
import { everything } from '../../src/query/where.ts'
import { page, pagePer } from '../../src/stores/postgres/page.ts'
import { openStores, type TestStores } from '../support/stores.ts'

const Print = defineEntity('Print', {
  mongo: 'prints',
  postgres: 'prints',
  id: objectId(),
  fields: { title: text(), day: timestamp(), place: text(), copies: int() },
})

const size = 20_000
/** Rows that a page of twenty may look at, however many there are. */
const enough = 300

let stores: TestStores
beforeAll(async () => {
  stores = await openStores([Print])
  const { connection } = stores.postgres
  // Seven in ten have no title, the days have 2,000 prints each
  const statements = [
    `insert into prints (id, title, day, place, copies)
     select lpad(to_hex(n), 24, '0'), case when n % 10 < 3 then 't' || (n * 7919) % ${size} end,
       '2001-01-01'::timestamptz + (n % 10) * interval '1 day', 'p' || n % 50, n % 7
     from generate_series(1, ${size}) n`,
    'create index on prints (title nulls first, id)',
    'create index on prints (day nulls first, id)',
    'create index on prints (copies nulls first, title desc nulls last, id desc)',
    'create index on prints (place nulls first, day nulls first, id)',
    'analyze prints',
  ]
  for (const statement of statements) await connection.run(sql.raw(statement))
})
afterAll(() => stores.close())

interface PlanNode {
  readonly 'Node Type': string
  readonly 'Actual Rows': number
  readonly 'Actual Loops': number
  readonly 'Rows Removed by Filter'?: number
  readonly Plans?: readonly PlanNode[]
}

/** How many rows a plan's scans looked at. */
const looked = (node: PlanNode): number =>
  (node['Node Type'].includes('Scan') && node['Node Type'] !== 'Subquery Scan'
    ? node['Actual Loops'] * (node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0))
    : 0) + (node.Plans ?? []).reduce((sum, inner) => sum + looked(inner), 0)

async function lookedAt(statement: ReturnType<typeof page>): Promise<number> {
  const [row] = await stores.postgres.connection.run<{ readonly 'QUERY PLAN': readonly { readonly Plan: PlanNode }[] }>(
    sql`explain (analyze, format json) ${statement}`,
  )
  return looked(row!['QUERY PLAN'][0]!.Plan)
}

const asc = (path: string): OrderKey => ({ path, direction: 'asc' })
const desc = (path: string): OrderKey => ({ path, direction: 'desc' })
const orders: readonly (readonly [title: string, order: readonly OrderKey[]])[] = [
  ['ids', []],
  ['ids downwards', [desc('id')]],
  ['a day that many share', [asc('day')]],
  ['such a day, downwards', [desc('day')]],
  ['a title that most lack', [asc('title')]],
  ['such a title, downwards', [desc('title')]],
  ['two keys in two directions', [asc('copies'), desc('title')]],
  ['the same the other way round', [desc('copies'), asc('title')]],
]

const fields = fieldSet(Print, ['title', 'day', 'copies'])

async function cursorsOf(order: readonly OrderKey[], places: readonly number[]): Promise<string[]> {
  const plan = planPage(Print, everything, order, {})
  const items = await stores.postgres.reader.query(Print, { ...plan, limit: size, fields })
  return places.map((place) => encodeCursor(Print, plan.shownOrder, items.at(place)!.record))
}

describe('A page of PostgreSQL looks at few rows wherever it is', () => {
  test.each(orders)('by %s', async (_title, order) => {
    const [early, middle, late] = await cursorsOf(order, [size / 5, size / 2, -30])
    const pages: readonly PageArgs[] = [
      { first: 20 },
      ...[early, middle, late].map((after) => ({ first: 20, after })),
      { last: 20 },
      ...[early, middle, late].map((before) => ({ last: 20, before })),
      { first: 20, before: middle },
      { last: 20, after: middle },
      { first: 20, after: early, before: late },
    ]
    const numbers: number[] = []
    for (const args of pages)
      numbers.push(await lookedAt(page(Print, { ...planPage(Print, everything, order, args), fields })))
    expect(numbers.filter((rows) => rows > enough)).toEqual([])
    expect(numbers.filter((rows) => rows < 20)).toEqual([])
  })

  test('as do the pages of several parents, by an index that begins with the key', async () => {
    const [after] = await cursorsOf([desc('day')], [size / 2])
    for (const args of [{ first: 20 }, { first: 20, after }, { last: 20 }]) {
      const plan = planPage(Print, everything, [desc('day')], args)
      const rows = await lookedAt(pagePer(Print, { ...plan, path: 'place', fields }, ['p1', 'p2', 'p3']))
      expect(rows).toBeLessThan(3 * enough)
    }
  })
})
