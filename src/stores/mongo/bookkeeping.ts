import { type Document, Long } from 'mongodb'
import type { Stamp } from '../store.ts'
import type { Version } from '../version.ts'
import type { Arriving, Bookkeeping } from './stored.ts'

/** A whole document, or its bookkeeping alone. */
type Marked = { readonly _cf?: Bookkeeping | null }

/** Matches documents that readers see. */
export const alive: Document = { '_cf.deleted': null, '_cf.arriving': null }

/** Matches the others. */
export const hidden: Document = { $or: [{ '_cf.deleted': true }, { '_cf.arriving.since': { $type: 'date' } }] }

/** Matches those that hold unique values as records do: ones that arrive are on their way to be such. */
export const holding: Document = { '_cf.deleted': null }

/** A part of a version: whatever else others have left there counts as 0, as what is missing does. */
const part = (value: unknown): number => (typeof value === 'number' && value > 0 ? value : 0)

export function versionOf({ _cf }: Marked): Version {
  const added = part(_cf?.n)
  return { epoch: part(_cf?.epoch), counter: part(_cf?.at) + added, ...(added > 0 ? { added } : {}) }
}

export function isPending({ _cf }: Marked): boolean {
  return _cf?.pending instanceof Date
}

export function isDeleted({ _cf }: Marked): boolean {
  return _cf?.deleted === true
}

/** By which put a document arrives; null where it does not. */
export function arrivingOf({ _cf }: Marked): Arriving | null {
  const { since, under } = (_cf?.arriving ?? {}) as Readonly<Record<string, unknown>>
  if (!(since instanceof Date)) return null
  return { since, under: typeof under === 'number' ? under : 0 }
}

export const isArriving = (document: Marked): boolean => arrivingOf(document) !== null

/** Readers leave it out. */
export const isHidden = (document: Marked): boolean => isDeleted(document) || isArriving(document)

/** Matches what `part` reads as this. */
const partIs = (value: number): Document => (value > 0 ? { $eq: Long.fromNumber(value) } : { $not: { $gt: 0 } })

/**
 * Matches a document at exactly this version, as it was read: for (0, 0) also one that has none.
 * Stand-in (SecantusDB): paths alone, since it reads the whole collection where a filter has `$or` or an expression, even
 * beside an `_id`.
 */
export function atVersion({ epoch, counter, added = 0 }: Version): Document {
  return { '_cf.epoch': partIs(epoch), '_cf.at': partIs(counter - added), '_cf.n': partIs(added) }
}

/** Matches a document that a writer of this epoch may change. See `atVersion` for the form. */
export function notNewerThan(epoch: number): Document {
  return { '_cf.epoch': { $not: { $gt: epoch } } }
}

const isPart = (name: string): Document => ({ $and: [{ $isNumber: `$_cf.${name}` }, { $gt: [`$_cf.${name}`, 0] }] })

/** A part of the version as an expression. */
const partOf = (name: string): Document => ({ $cond: [isPart(name), `$_cf.${name}`, 0] })

/** Whether a document is below a version, as an expression: for updates that decide by themselves. */
export function isBelow({ epoch, counter }: Version): Document {
  const [ofEpoch, counted] = [partOf('epoch'), { $add: [partOf('at'), partOf('n')] }]
  const sameEpoch = { $and: [{ $eq: [ofEpoch, epoch] }, { $lt: [counted, Long.fromNumber(counter)] }] }
  return { $or: [{ $lt: [ofEpoch, epoch] }, sameEpoch] }
}

/** `_cf` as it is, or an empty object in its place. */
export const object = { $cond: [{ $eq: [{ $type: '$_cf' }, 'object'] }, '$_cf', {}] }

/** The first owed write sets the age: a hot record must not look fresh for ever. */
export const owedSince = { $cond: [{ $eq: [{ $type: '$_cf.pending' }, 'date'] }, '$_cf.pending', '$$NOW'] }

const one = Long.fromNumber(1)

/**
 * The next `_cf` as an expression. A record without a counter (never touched, or replaced by a writer that does not
 * know us) starts at the clock, so that versions never restart below what the mirror has. Whoever can use plain operators
 * alone says the same so: `{ $max: { '_cf.at': now, '_cf.epoch': epoch }, $inc: { '_cf.n': 1 }, $min: { '_cf.pending': now } }`.
 */
export function bump(stamp: Stamp, extra: Document = {}, now: Document | Long = { $toLong: '$$NOW' }): Document {
  const at = { $cond: [isPart('at'), { $add: ['$_cf.at', partOf('n'), one] }, now] }
  const pending = stamp.owed ? { pending: owedSince } : {}
  return { $mergeObjects: [object, { epoch: stamp.epoch, at, n: Long.ZERO, ...pending, ...extra }] }
}

/**
 * `_cf` of a document that a step of a transaction leaves as it was, at its version: written all the same, since whoever
 * changes the document meanwhile is to end the transaction, which may have gone by what it found there.
 */
export const touched: Document = { $mergeObjects: [object, { touched: { $not: ['$_cf.touched'] } }] }

/** `_cf` of a mirrored record. */
export function mirrored(version: Version): Document {
  return { epoch: version.epoch, at: Long.fromNumber(version.counter), n: Long.ZERO }
}
