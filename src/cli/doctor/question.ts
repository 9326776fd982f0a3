import type { Entity } from '../../entity/entity.ts'
import { leafAt } from '../../entity/leaf-at.ts'
import type { Where } from '../../query/where.ts'
import type { Reader } from '../../stores/store.ts'

/** A field that a statement asks about. `plain`: by equality or a range that all must meet, which an index can bound. */
interface Filter {
  readonly path: string
  readonly plain: boolean
}

/** What a statement asks of a type, without its values. */
export interface Question {
  readonly entity: Entity
  readonly filters: readonly Filter[]
  /** Paths of its order. */
  readonly orders: readonly string[]
}

const comparisons: ReadonlySet<string> = new Set(['eq', 'in', 'lt', 'lte', 'gt', 'gte'])

function isPlain(entity: Entity, path: string): boolean {
  const leaf = leafAt(entity, path)
  return leaf.list === 'none' && leaf.inJson === null && !leaf.element
}

function* filtersOf(entity: Entity, where: Where, all = true): Generator<Filter> {
  if ('of' in where) {
    const parts = where.op === 'not' ? [where.of] : where.of
    for (const each of parts) yield* filtersOf(entity, each, all && where.op === 'and')
    return
  }
  const { op, path } = where
  const insensitive = 'insensitive' in where && where.insensitive === true
  yield { path, plain: all && !insensitive && comparisons.has(op) && isPlain(entity, path) }
}

/** A reader that tells of each question before it asks it. */
export function overheard(reader: Reader, tell: (question: Question) => void): Reader {
  const ask = (entity: Entity, where: Where, orders: readonly { readonly path: string }[] = [], by?: string): void => {
    const filters = [
      ...(by === undefined ? [] : [{ path: by, plain: isPlain(entity, by) }]),
      ...filtersOf(entity, where),
    ]
    tell({ entity, filters, orders: orders.map(({ path }) => path).filter((path) => path !== 'id') })
  }
  return {
    byIds: (...given) => reader.byIds(...given),
    scan: (...given) => reader.scan(...given),
    stream: (...given) => reader.stream(...given),
    ids: (...given) => reader.ids(...given),
    query(entity, query, signal) {
      ask(entity, query.where, query.order)
      return reader.query(entity, query, signal)
    },
    queryPer(entity, query, signal) {
      ask(entity, query.where, query.order, query.path)
      return reader.queryPer(entity, query, signal)
    },
    count(entity, where, signal) {
      ask(entity, where)
      return reader.count(entity, where, signal)
    },
    countPer(entity, path, values, where, signal) {
      ask(entity, where, [], path)
      return reader.countPer(entity, path, values, where, signal)
    },
    aggregate(entity, asked, signal) {
      ask(entity, asked.where)
      return reader.aggregate(entity, asked, signal)
    },
  }
}
