import { SpanKind } from '@opentelemetry/api'
import type { Entity } from '../entity/entity.ts'
import type { Origin } from '../util/origin.ts'
import { inSpan, isTraced } from '../util/trace.ts'
import type { Reader } from './store.ts'

const systems: Readonly<Record<Origin, string>> = { mongo: 'mongodb', postgres: 'postgresql' }

/** Calls that answer requests; those of jobs, which read whole types, are left as they are. */
const calls = ['byIds', 'query', 'queryPer', 'count', 'countPer', 'aggregate'] as const

type Call = (entity: Entity, ...rest: readonly unknown[]) => Promise<unknown>

/** The same reader, with a span for each call of a request that is traced. It tells the names of things, and no values. */
export function tracedReader(origin: Origin, reader: Reader): Reader {
  const traced = calls.map((name): [string, Call] => {
    const call = reader[name] as Call
    return [
      name,
      (entity, ...rest) => {
        if (!isTraced()) return call(entity, ...rest)
        const collection = entity[origin]
        const attributes = {
          'db.system.name': systems[origin],
          'db.operation.name': name,
          'db.collection.name': collection,
        }
        return inSpan(`${name} ${collection}`, { kind: SpanKind.CLIENT, attributes }, () => call(entity, ...rest))
      },
    ]
  })
  return { ...reader, ...Object.fromEntries(traced) }
}
