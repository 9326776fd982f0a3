import { type Document, Long } from 'mongodb'
import type { Stamp } from '../store.ts'
import { bump } from './bookkeeping.ts'

/** Update operators, or the stages of a pipeline. */
export type Change = Document | Document[]

/** A change that carries its stamp in its own form: one operation, which capture knows for ours. See `bump`. */
export function stamped(change: Change, stamp: Stamp, now: number): Change {
  const at = Long.fromNumber(now)
  if (Array.isArray(change)) return [...change, { $set: { _cf: bump(stamp, {}, at) } }]
  const pending = stamp.owed ? { $min: { ...change['$min'], '_cf.pending': new Date(now) } } : {}
  return {
    ...change,
    $max: { ...change['$max'], '_cf.at': at, '_cf.epoch': stamp.epoch },
    $inc: { ...change['$inc'], '_cf.n': Long.ONE },
    ...pending,
  }
}

const isBookkeeping = (path: string): boolean => path === '_cf' || path.startsWith('_cf.')

/** Whether stages keep `_cf` as it is: then the stamp behind them goes on from there. */
export const keepsBookkeeping = (stages: readonly Document[]): boolean =>
  stages.every((stage) =>
    Object.entries(stage).every(([name, of]) => {
      if (name === '$unset') return ![of].flat().some(isBookkeeping)
      return (name === '$set' || name === '$addFields') && !Object.keys(of).some(isBookkeeping)
    }),
  )
