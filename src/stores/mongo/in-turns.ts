import type { FairTurns } from '../../util/fair-turns.ts'
import type { Reader } from '../store.ts'
import type { MongoSide } from './side.ts'

/** The same, whose calls for requests of clients take turns. */
export const readerInTurns = (reader: Reader, turns: FairTurns): Reader => ({
  ...reader,
  query: (entity, asked, signal) => turns.run(signal, () => reader.query(entity, asked, signal)),
  queryPer: (entity, per, signal) => turns.run(signal, () => reader.queryPer(entity, per, signal)),
  aggregate: (entity, asked, signal) => turns.run(signal, () => reader.aggregate(entity, asked, signal)),
  byIds: (entity, ids, fields, signal) => turns.run(signal, () => reader.byIds(entity, ids, fields, signal)),
  count: (entity, where, signal) => turns.run(signal, () => reader.count(entity, where, signal)),
  countPer: (entity, path, values, where, signal) =>
    turns.run(signal, () => reader.countPer(entity, path, values, where, signal)),
})

/** Likewise. @param signal the same that the side has. */
export const sideInTurns = (side: MongoSide, turns: FairTurns, signal?: AbortSignal): MongoSide => ({
  ...side,
  aggregate: <T>(...asked: Parameters<MongoSide['aggregate']>) => turns.run(signal, () => side.aggregate<T>(...asked)),
})
