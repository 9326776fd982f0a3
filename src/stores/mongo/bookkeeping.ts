import { type Document, Long } from 'mongodb'
import type { Stamp } from '../store.ts'
import { unversioned, type Version } from '../version.ts'

/**
 * All that Crossfade keeps in a document is one sub-document, `_cf`:
 * `{ epoch, counter, pending?: Date (owed since), deleted?: true (readers leave it out) }`.
 */
export interface Bookkeeping {
  readonly epoch?: unknown
  readonly counter?: unknown
  readonly pending?: unknown
  readonly deleted?: unknown
}

/** Matches documents that readers see. */
export const alive: Document = { '_cf.deleted': null }

export function versionOf(document: Document): Version {
  const cf = document['_cf'] as Bookkeeping | null | undefined
  if (typeof cf?.epoch !== 'number' || typeof cf.counter !== 'number') return unversioned
  return { epoch: cf.epoch, counter: cf.counter }
}

export function isPending(document: Document): boolean {
  return (document['_cf'] as Bookkeeping | null | undefined)?.pending instanceof Date
}

export function isDeleted(document: Document): boolean {
  return (document['_cf'] as Bookkeeping | null | undefined)?.deleted === true
}

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
export function bump(stamp: Stamp, extra: Document = {}): Document {
  const counter = {
    $cond: [{ $isNumber: '$_cf.counter' }, { $add: ['$_cf.counter', Long.fromNumber(1)] }, { $toLong: '$$NOW' }],
  }
  const pending = stamp.owed ? { pending: owedSince } : {}
  return { $mergeObjects: [object, { epoch: stamp.epoch, counter, ...pending, ...extra }] }
}

/** `_cf` of a mirrored record. */
export function mirrored(version: Version): Document {
  return { epoch: version.epoch, counter: Long.fromNumber(version.counter) }
}
