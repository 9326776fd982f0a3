import { type Document, Long } from 'mongodb'
import type { Stamp } from '../store.ts'
import { unversioned, type Version } from '../version.ts'
import type { Arriving, Bookkeeping } from './stored.ts'

/** A whole document, or its bookkeeping alone. */
type Marked = { readonly _cf?: Bookkeeping | null }

/** Matches documents that readers see. */
export const alive: Document = { '_cf.deleted': null, '_cf.arriving': null }

/** Matches those that hold unique values as records do: ones that arrive are on their way to be such. */
export const holding: Document = { '_cf.deleted': null }

export function versionOf({ _cf }: Marked): Version {
  if (typeof _cf?.epoch !== 'number' || typeof _cf.at !== 'number' || typeof _cf.n !== 'number') return unversioned
  return { epoch: _cf.epoch, counter: _cf.at + _cf.n }
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

/** How often plain operators may have raised a counter since we did: our own changes add `n` to `at`. */
const raised = [0, 1, 2, 3, 4, 5, 6, 7, 8]

const hasNone = [{ '_cf.at': null }, { '_cf.n': null }]

/**
 * Matches a document at exactly this version; for (0, 0) also one that has none.
 * Stand-in (SecantusDB): it reads the whole collection where a filter has an expression; MongoDB goes by the `_id` beside it.
 */
export function atVersion({ epoch, counter }: Version): Document {
  const exact = raised.map((n) => ({ '_cf.epoch': epoch, '_cf.n': n, '_cf.at': Long.fromNumber(counter - n) }))
  return { $or: epoch === 0 && counter === 0 ? [...exact, ...hasNone] : exact }
}

/** Matches a document at this version or an older one, or without a version. */
export function atMost({ epoch, counter }: Version): Document {
  const same = raised.map((n) => ({
    '_cf.epoch': epoch,
    '_cf.n': n,
    '_cf.at': { $lte: Long.fromNumber(counter - n) },
  }))
  return { $or: [{ '_cf.epoch': { $lt: epoch } }, ...same, ...hasNone] }
}

/** Matches a document that a writer of this epoch may change. */
export function notNewerThan(epoch: number): Document {
  return { $or: [{ '_cf.epoch': null }, { '_cf.epoch': { $lte: epoch } }] }
}

/** `_cf` as it is, or an empty object in its place. */
export const object = { $cond: [{ $eq: [{ $type: '$_cf' }, 'object'] }, '$_cf', {}] }

/** The first owed write sets the age: a hot record must not look fresh for ever. */
export const owedSince = { $ifNull: ['$_cf.pending', '$$NOW'] }

const one = Long.fromNumber(1)

/**
 * The next `_cf` as an expression. A record without a counter (never touched, or replaced by a writer that does not
 * know us) starts at the clock, so that versions never restart below what the mirror has. Whoever can use plain operators
 * alone says the same so: `{ $max: { '_cf.at': now, '_cf.epoch': epoch }, $inc: { '_cf.n': 1 }, $min: { '_cf.pending': now } }`.
 */
export function bump(stamp: Stamp, extra: Document = {}, now: Document | Long = { $toLong: '$$NOW' }): Document {
  const isVersioned = { $and: [{ $isNumber: '$_cf.at' }, { $isNumber: '$_cf.n' }] }
  const at = { $cond: [isVersioned, { $add: ['$_cf.at', '$_cf.n', one] }, now] }
  const pending = stamp.owed ? { pending: owedSince } : {}
  return { $mergeObjects: [object, { epoch: stamp.epoch, at, n: Long.ZERO, ...pending, ...extra }] }
}

/** `_cf` of a mirrored record. */
export function mirrored(version: Version): Document {
  return { epoch: version.epoch, at: Long.fromNumber(version.counter), n: Long.ZERO }
}
