import type { Entity } from '../src/entity/entity.ts'
import type { MongoStore } from '../src/stores/mongo/mongo-store.ts'
import type { PostgresStore } from '../src/stores/postgres/postgres-store.ts'
import { answer, say, withFixture } from './fixture.ts'
import type { Row } from './row.ts'

const few = 5
const many = 50

const operations: Readonly<Record<string, string>> = {
  list: '{ movies(first: $n) { edges { node { id title genres } } } }',
  'list with a count and cursors': '{ movies(first: $n) { totalCount pageInfo { endCursor } edges { node { id } } } }',
  children: '{ movies(first: $n) { edges { node { id comments(first: 5) { edges { node { id text } } } } } } }',
  'children and their parents':
    '{ movies(first: $n) { edges { node { id comments(first: 5) { edges { node { author { name } movie { title } } } } } } } }',
  'a list of scalars in a child table': '{ movies(first: $n) { edges { node { id cast } } } }',
}

/**
 * Counts the queries about records that reach either store from now on: those of the mirror's sweep, and the look in the
 * background for dirty values, are none of readers.
 */
function counter({ mongo, postgres }: { readonly mongo: MongoStore; readonly postgres: PostgresStore }) {
  const counted = { queries: 0 }
  const { connection } = mongo
  const { reads } = connection
  Object.assign(connection, {
    reads: (entity: Entity) =>
      new Proxy(reads(entity), {
        get(real, name) {
          const method = Reflect.get(real, name) as (...args: unknown[]) => unknown
          return (...question: unknown[]) => {
            counted.queries++
            return method.apply(real, question)
          }
        },
      }),
  })
  const { runPrepared } = postgres.connection
  Object.assign(postgres.connection, {
    runPrepared(...args: Parameters<typeof runPrepared>) {
      if (/ from "\w+" t\b/.test(args[0].text)) counted.queries++
      return runPrepared(...args)
    },
  })
  return counted
}

/** Store queries of one operation with few and with many rows: the ratio is 1 where the number of rows does not matter. */
export function queryCount(only: string): Promise<Row[]> {
  return withFixture(async ({ stores, startGateway, move, copy }) => {
    await copy()
    const gateway = await startGateway()
    const counted = counter(stores)
    const count = async (query: string, n: number): Promise<number> => {
      counted.queries = 0
      const text = await answer(gateway.url, JSON.stringify({ query: query.replace('$n', String(n)) }))
      if (text.includes('"errors"')) throw new Error(text)
      return counted.queries
    }
    const rows: Row[] = []
    for (const stage of ['shadow', 'live'] as const) {
      await move(stage)
      await gateway.routing.flags.refresh()
      for (const [name, query] of Object.entries(operations)) {
        const label = `${stage}: ${name}`
        if (!label.includes(only)) continue
        const [baseline, ours] = [await count(query, few), await count(query, many)]
        rows.push({ bench: 'query-count', case: label, baseline, ours, unit: 'queries', ratio: ours / baseline })
        say(`${label}: ${baseline} queries for ${few} rows, ${ours} for ${many}`)
      }
    }
    await gateway.close()
    return rows
  })
}
