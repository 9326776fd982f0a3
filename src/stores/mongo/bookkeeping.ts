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
  if (typeof _cf?.epoch !== 'number' || typeof _cf.counter !== 'number') return unversioned
  return { epoch: _cf.epoch, counter: _cf.counter }
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

/** Matches a document at exactly this version; for (0, 0) also one that has none. */
export function atVersion(version: Version): Document {
  const exact = { '_cf.epoch': version.epoch, '_cf.counter': Long.fromNumber(version.counter) }
  return version.epoch === 0 && version.counter === 0 ? { $or: [exact, { '_cf.counter': null }] } : exact
}

/** Matches a document at this version or an older one. */
export function atMost({ epoch, counter }: Version): Document {
  const older = [
    { '_cf.epoch': { $lt: epoch } },
    { '_cf.epoch': epoch, '_cf.counter': { $lte: Long.fromNumber(counter) } },
  ]
  return { $or: [...older, { '_cf.counter': null }] }
}

/** Matches a document that a writer of this epoch may change. */
export function notNewerThan(epoch: number): Document {
  return { $or: [{ '_cf.epoch': null }, { '_cf.epoch': { $lte: epoch } }] }
}

/** `_cf` as it is, or an empty object in its place. */
export const object = { $cond: [{ $eq: [{ $type: '$_cf' }, 'object'] }, '$_cf', {}] }

/** The first owed write sets the age: a hot record must not look fresh for ever. */
export const owedSince = { $ifNull: ['$_cf.pending', '$$NOW'] }

/**
 * The next `_cf` as an expression. A record without a counter (never touched, or replaced by a writer that does not
 * know us) starts at the clock, so that versions never restart below what the mirror has.
 */
export function bump(stamp: Stamp, extra: Document = {}, now: Document | Long = { $toLong: '$$NOW' }): Document {
  const counter = { $cond: [{ $isNumber: '$_cf.counter' }, { $add: ['$_cf.counter', Long.fromNumber(1)] }, now] }
  const pending = stamp.owed ? { pending: owedSince } : {}
  return { $mergeObjects: [object, { epoch: stamp.epoch, counter, ...pending, ...extra }] }
}

/** `_cf` of a mirrored record. */
export function mirrored(version: Version): Document {
  return { epoch: version.epoch, counter: Long.fromNumber(version.counter) }
}
