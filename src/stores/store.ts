import type { Issue } from '../codec/refused.ts'
import type { Entity, Id, Rec } from '../entity/entity.ts'
import type { FieldSet } from '../entity/field-set.ts'
import type { Aggregate, Group } from '../query/aggregate.ts'
import type { OrderKey } from '../query/order.ts'
import type { Patch } from '../query/patch.ts'
import type { Where } from '../query/where.ts'
import type { Json } from '../util/json.ts'
import type { Origin } from '../util/origin.ts'
import type { Sides } from './by-hand.ts'
import type { Failure } from './failure.ts'
import type { Ledger } from './ledger.ts'
import type { Explaining } from './plan.ts'
import type { Version } from './version.ts'

/** A record as it was read, with what comparison needs to judge it. */
export interface Item {
  readonly version: Version
  /** True while the record is marked as owed. The mirror may have it already: the mark is taken away after the put. */
  readonly pending: boolean
  readonly record: Rec
}

export interface Query {
  readonly where: Where
  /**
   * Consecutive ranges of the order, of which nothing overlaps, see `keyset`; what is in none of them is left out.
   * Default: the whole order.
   */
  readonly ranges?: readonly Where[]
  /** Total, see `totalOrder`. */
  readonly order: readonly OrderKey[]
  /** How many records of the order are left out before; of one range alone. Default 0. */
  readonly offset?: number
  /** How many records at most. */
  readonly limit: number
  readonly fields: FieldSet
}

/** A query asked once for each of `values` of the field at `path`, answered in one statement; `limit` is for each value. */
export interface QueryPer extends Query {
  readonly path: string
  readonly values: readonly unknown[]
}

/**
 * Reads. Records that are marked deleted are never seen. A call is one store query, and a second one where MongoDB met a
 * document that is not part of the API, or text that is not UTF-8; a page of MongoDB is up to two for each of its ranges
 * until it is full, and a count of all its records is two; `scan` asks for documents without a record besides.
 * An aborted signal ends the query and its connection, and the call is rejected with the signal's reason.
 */
export interface Reader {
  /** The records that exist, by id, in no order. */
  byIds(entity: Entity, ids: readonly Id[], fields: FieldSet, signal?: AbortSignal): Promise<ReadonlyMap<Id, Item>>
  query(entity: Entity, query: Query, signal?: AbortSignal): Promise<readonly Item[]>
  /** By the `keyValue`: dates are equal and not the same. A value without records has no entry. */
  queryPer(entity: Entity, query: QueryPer, signal?: AbortSignal): Promise<ReadonlyMap<unknown, readonly Item[]>>
  count(entity: Entity, where: Where, signal?: AbortSignal): Promise<number>
  /** By the `keyValue`, likewise. */
  countPer(
    entity: Entity,
    path: string,
    values: readonly unknown[],
    where: Where,
    signal?: AbortSignal,
  ): Promise<ReadonlyMap<unknown, number>>
  /** Groups of records with what is computed for each. @throws BAD_USER_INPUT for what a kind cannot be asked. */
  aggregate(entity: Entity, asked: Aggregate, signal?: AbortSignal): Promise<readonly Group[]>
  /** Whole records by id, for jobs, in id order: at most `limit` of them, and fewer where they are large. */
  scan(entity: Entity, range: ScanRange): Promise<Scanned>
  /**
   * All of a range, a lot at a time, in id order: what is cheaper than scans where nobody comes back later. Where the store
   * loses its place, the stream finds it again; it fails where no lot came since. To be ended by `return` or to its end.
   */
  stream(entity: Entity, range: ScanRange): AsyncGenerator<Streamed, void>
  /** Ids of a range, in no order, but for those of `without`; some of them that readers do not see may be among them. */
  ids(entity: Entity, range: IdRange, limit: number, without: readonly Id[]): Promise<readonly Id[]>
}

/** One lot. */
export interface Streamed extends Pick<Scanned, 'images' | 'quarantined'> {
  /** Of MongoDB, where it is asked for: what the documents hold that is not of their fields' kinds, see `MongoStore.survey`. */
  readonly odd?: readonly string[]
  /** No image is older, by the monotonic clock, where a store answers an older state. Default: when it was asked for. */
  readonly since?: number
}

/** Ids behind `after`, up to `upTo` and with it; null is the beginning, or the end. */
export interface IdRange {
  readonly after: Id | null
  readonly upTo: Id | null
}

export interface ScanRange {
  readonly after: Id | null
  /** Default: null. */
  readonly upTo?: Id | null
  readonly limit: number
  /** About how many bytes of records at most; default 32 MB. One that is larger comes alone. */
  readonly maxBytes?: number
  /** Those alone that meet it; default: all. */
  readonly where?: Where
  /**
   * Of a stream: tells besides of documents that have no record, whose ids sort anywhere, wherever an end of the range is
   * open; and what is `odd`. Ranges that adjoin so tell of each document once. Default: of the whole type alone, and not.
   */
  readonly surveyed?: boolean
}

/** Of the records of one scan, where it is not said. Records are of 16 MB at most in MongoDB, and a few times that in memory. */
export const scanBytes = 32 * 1024 * 1024

/** By path of a list of objects: for each object what the mapping does not name, as Extended JSON, or null. */
export type ElementRests = Readonly<Record<string, readonly Json[]>>

/** A record that lost nothing: with what the mapping does not name, and what it could not carry. */
export interface Image {
  readonly id: Id
  readonly version: Version
  readonly pending: boolean
  /** Null for a tombstone. */
  readonly record: Rec | null
  /** Paths that the mapping does not name, as Extended JSON; null where there are none. */
  readonly rest: Json
  /** The same of the objects in lists; left out where there are none. */
  readonly elementRests?: ElementRests
  /**
   * Of a row that keeps as unmapped what the mapping has columns for: the record as the columns have it, which filters and
   * orders go by. Left out of all others.
   */
  readonly columns?: Rec
  readonly issues: readonly Issue[]
}

/** The image of a record that is there. */
export type LiveImage = Image & { readonly record: Rec }

/**
 * Takes values out of what an image keeps as unmapped where the mapping names them by now; null where there are none.
 * MongoDB's codec reads them, whichever store keeps them.
 */
export type Adopt = (entity: Entity, image: Image) => LiveImage | null

export interface Scanned {
  readonly images: readonly Image[]
  /** Documents whose id does not fit the mapping; they have no record. `id` is Extended JSON text. */
  readonly quarantined: readonly { readonly id: string; readonly issues: readonly Issue[] }[]
  /** Where the next scan starts; null at the end. */
  readonly next: Id | null
}

/** What an authoritative write carries: the writer's epoch, and whether the mirror is owed the record. */
export interface Stamp {
  readonly epoch: number
  readonly owed: boolean
  /**
   * Throws where the writer has lost the right to write. It was asked before the write; a store that asks anything before
   * it writes asks it again behind the answer, which may have come late, or to a process that was stopped meanwhile.
   */
  readonly check?: () => void
}

/**
 * - applied: the store now holds this image.
 * - late: the store holds an equal or newer version, or a tombstone of one; nothing changed.
 * - blocked: a constraint stands in the way; `by` are the ids of the records that hold the value, where known.
 * - refused: this store can't hold this record, by a rule of its own; the reason holds no value of it.
 * - overtaken: the type's flag is of a later epoch than whoever puts knows; nothing changed.
 */
export type PutOutcome =
  | { readonly put: 'applied' }
  | { readonly put: 'late' }
  | { readonly put: 'blocked'; readonly constraint: string; readonly by: readonly Id[] }
  | { readonly put: 'refused'; readonly reason: string }
  | { readonly put: 'overtaken' }

/** What a record has to be for a write to change it, or to delete it: at a version, and as a condition wants it. */
export interface Guard {
  readonly at?: Version
  readonly when?: Where
}

/**
 * Clients' writes, each atomic in however many statements, with the note that the mirror is owed. They throw TRY_AGAIN
 * where the record, or its tombstone, is of a higher epoch than the stamp's; CONFLICT where a unique value is taken;
 * BAD_USER_INPUT where the store cannot hold the record; UNAVAILABLE and TRY_AGAIN where nothing was written;
 * UNKNOWN_OUTCOME where it may have been.
 */
export interface RecordWrites {
  /**
   * @param isMade the id was made just now, so that nothing was ever deleted under it.
   * @throws CONFLICT where the id is taken, as well.
   */
  create(entity: Entity, record: Rec, stamp: Stamp, isMade?: boolean): Promise<Image>
  /**
   * The whole record as it then is; null where there is no such record, or where it is not as the guard wants it. One that
   * the patch leaves as it was keeps its version, and is owed only where it was: each store takes it for changed where it
   * cannot be certain.
   */
  patch(entity: Entity, id: Id, patch: Patch, stamp: Stamp, guard?: Guard): Promise<Image | null>
  /** The tombstone, or null where there was no such record, or where it is not as the guard wants it. */
  delete(entity: Entity, id: Id, stamp: Stamp, guard?: Guard): Promise<Image | null>
}

/**
 * The steps of one transaction, one at a time: each sees those before it, and nobody else sees any before the end. Where
 * one fails, nothing is to be committed: a store may have ended the transaction with it.
 */
export interface Steps extends RecordWrites {
  /** False where the store has no transactions, as MongoDB on a server by itself: then each step stands by itself. */
  readonly isAtomic: boolean
  /** See `Outbox.images`. */
  images(entity: Entity, ids: readonly Id[]): Promise<readonly Image[]>
  /**
   * Runs the side of this store as one step. What it makes, changes and deletes of the type gets its versions, and where
   * the mirror is owed it the marks and tombstones, as by the other steps.
   *
   * @throws what the side throws; like `RecordWrites` where a call of the store fails; MISCONFIGURED for what the store
   * could not keep track of.
   */
  byHand<T>(entity: Entity, sides: Sides<T>, stamp: Stamp): Promise<DoneByHand<T>>
}

/** What came of a write by hand. */
export interface DoneByHand<T> {
  readonly result: T
  /** What was touched, as it then is, `maxAwaited` at most; none where nothing is owed. */
  readonly images: readonly Image[]
}

/** What the store that has authority does: what clients write is durable when it resolves. */
export interface Authority extends RecordWrites {
  /**
   * Runs steps as one transaction: all of them are durable when it resolves, and none where it throws, but for
   * UNKNOWN_OUTCOME. `work` is run once.
   *
   * @param mayCommit called right before each try to commit. @throws where nothing is to stand.
   * @param share the key of its types' flag: of the connections for writes no one flag ever has all.
   * @throws what `work` throws; TRY_AGAIN where another write came in between; UNKNOWN_OUTCOME where the commit was not
   * answered.
   */
  together<T>(work: (steps: Steps) => Promise<T>, mayCommit: () => void, share?: string): Promise<T>
  /**
   * Marks records, or their tombstones, as owed at the version that they have: what a copy could not bring, and what
   * stands against a write that came late to the mirror. Unknown ids are left out.
   */
  owe(entity: Entity, ids: readonly Id[]): Promise<void>
  /**
   * Keeps the tombstones of records that are not here, and owes them: what comes late of such a record is refused from
   * then on. A record that is here after all stays, at a version above its tombstone. To be called before the mirror loses
   * a copy because this store has no record of it: a write of unknown outcome may be taken over meanwhile.
   *
   * @param under see `Replica.bulkPut`.
   * @returns false where the flag here is of a later epoch; then nothing was written.
   */
  bury(entity: Entity, tombstones: readonly Image[], under: number): Promise<boolean>
  /**
   * Settles what nobody sees: deletes that were acknowledged and cut off before the record was gone, and puts that came
   * when authority had moved here already. Safe at any time, by anybody. What another program has marked as deleted is
   * deleted likewise, and owed to the mirror.
   * @returns how many there were.
   */
  settleHidden(entity: Entity, isMirrored: boolean): Promise<number>
  /** Gives a record a version above `above`, where it is still at `version`; keeps it owed. */
  restamp(entity: Entity, id: Id, version: Version, above: Version): Promise<boolean>
  /** See `Outbox.images`; for what a client writes, over the connections of writes. */
  images(entity: Entity, ids: readonly Id[]): Promise<readonly Image[]>
}

/** What the store that mirrors does: takes what the other one has, for the mirror and for copies. */
export interface Replica {
  /**
   * Makes the records equal to the images (tombstones remove), each only where the version here is lower. Images given
   * together may swap unique values. Outcomes are in the order of the images; one that can't be put stands in the way of
   * none of the others.
   *
   * @param under the epoch of the type's flag, as it was known before the images were read. Where this store's own copy
   * is of a later one, the other store's records are not what this one is to hold any more: a put that was on its way, or
   * whose sender was stopped, would bring back what was deleted since without a tombstone.
   * @param areNew whoever puts has just seen that none of them is here: they may be written by a shorter way first.
   * Nothing hangs on it but time. Default: false.
   * @throws where the store is in trouble; then any of them may have been put.
   */
  bulkPut(entity: Entity, images: readonly Image[], under: number, areNew?: boolean): Promise<readonly PutOutcome[]>
  /**
   * Reveals or removes what puts have written at least so long ago, by the store's own clock, and left unseen: they were
   * cut off before they had looked whether it was deleted meanwhile.
   * @returns how many there were.
   */
  settleArriving(entity: Entity, olderThanMs: number): Promise<number>
  /** Why this store could never hold a record, where that is known without asking it; null where it may. */
  unfit(entity: Entity, record: Rec): string | null
  /** Whether what is no record of the type has the id here, so that a record of it would be refused. */
  isTaken(entity: Entity, id: Id): Promise<boolean>
}

/** How much is owed, and since when, both by the store's own clock. */
export interface Backlog {
  readonly count: number
  /** Null where nothing is owed. */
  readonly oldest: Date | null
  /** Milliseconds; 0 where nothing is owed. */
  readonly oldestMs: number
}

export const owesNothing: Backlog = { count: 0, oldest: null, oldestMs: 0 }

/** What a put has confirmed: the mirror holds the record, or its tombstone, at this version. */
export interface Cleared {
  readonly id: Id
  readonly version: Version
  readonly deleted: boolean
}

/** What the mirror is owed by this store: a record or tombstone bears a mark until its put is confirmed. */
export interface Outbox {
  /** Ids of owed records and tombstones, oldest first, of at least this age, but for those of `without`. */
  owed(entity: Entity, olderThanMs: number, limit: number, without?: readonly Id[]): Promise<readonly Id[]>
  /** The present state of the given ids, tombstones included, read so that it cannot be rolled back. */
  images(entity: Entity, ids: readonly Id[]): Promise<readonly Image[]>
  /** Takes marks off, each only where the record is still at the version that was mirrored. */
  clear(entity: Entity, cleared: readonly Cleared[]): Promise<void>
  backlog(entity: Entity): Promise<Backlog>
  /** The same of several types in one round trip, by their names. */
  backlogs(entities: readonly Entity[]): Promise<ReadonlyMap<string, Backlog>>
  /**
   * Those of the ids whose record or tombstone is owed, with for how many milliseconds by the store's own clock. Sees
   * every write that a read of this store could see.
   */
  owedFor(entity: Entity, ids: readonly Id[]): Promise<ReadonlyMap<Id, number>>
  /** The version of the delete that is remembered of an id, also where a record has come since; null where none is. */
  buriedAt(entity: Entity, id: Id): Promise<Version | null>
  /** Removes tombstones of at least this age of which nothing is owed, `limit` at most. @returns how many. */
  expireTombstones(entity: Entity, olderThanMs: number, limit: number): Promise<number>
}

/** What is asked over one pool of a store's connections. The twins add a `side` for resolvers written by hand. */
export interface Source {
  readonly origin: Origin
  readonly reader: Reader
  readonly outbox: Outbox
}

/** How long a store that hangs may keep us from closing its connections in order, in milliseconds. */
export const closeMs = 3_000

/** One store with all its parts; what it is asked as a source takes the clients' connections. */
export interface Store extends Source {
  /** With connections and a time limit of its own: comparison takes nothing from the clients. */
  readonly candidate: Source
  /** Likewise: flags, signs of life, claims and looks at what is owed wait for nothing that a client does. */
  readonly control: Source
  readonly authority: Authority
  /** Likewise with connections of its own: a mirror that hangs holds no connection of its clients. */
  readonly replica: Replica
  /** Over the mirror's connections likewise: what clients ask, however much, leaves what is owed alone. */
  readonly outbox: Outbox
  /** Over the connections of `control`. */
  readonly ledger: Ledger
  /** Over the connections of clients; each statement is explained, beside its being run or in its place. */
  explaining(by: Explaining): Source
  /**
   * Waits for what was begun beside earlier reads and decides how later ones are asked. False where nothing was. Never
   * rejects.
   */
  settled(): Promise<boolean>
  /** It was silent: connections that are open are not used again, since their other end may have vanished. */
  readonly distrust: () => void
  /** False while it is known that a write would find no server to take it. */
  readonly takesWrites: () => boolean
  /**
   * Ranges of about so many records each, spread over the ids by chance and in no order; they may overlap, and there are
   * fewer where there are fewer records. Costs a few look-ups a range, whatever the size of the type.
   */
  spread(entity: Entity, ranges: number, records: number): Promise<readonly IdRange[]>
  /**
   * Ids in order that cut the type into at most `most` ranges of about as many records each, at least `records`; none where
   * it is smaller. Chosen by chance, so that ids that stand close in some places cost nothing. Other programs may write
   * meanwhile: any ids cut rightly, and these only evenly.
   */
  cuts(entity: Entity, records: number, most: number): Promise<readonly Id[]>
  /**
   * Whether an index of the store, as it is now, keeps two records from agreeing in all of these fields, none of which is
   * null: not one of fewer or more fields, nor one that leaves records out by their other values.
   */
  keepsUnique(entity: Entity, paths: ReadonlySet<string>): Promise<boolean>
  /** By how much copies of the store on other servers are behind, in milliseconds; null where nobody knows. */
  replicationLag(): Promise<number | null>
  /** What an error of this store means; null for a fault of ours. */
  failureOf(error: unknown): Failure | null
  /** What an error of a read of this store means to the caller; a fault of ours stays what it is. */
  readError(error: unknown): unknown
  /**
   * Names the state that the store has gone on from: another one where it was restored, or a standby took over that may
   * lack what was acknowledged. Null where it does not tell, or no such thing loses anything.
   *
   * @throws while it does not take writes yet: it is known only then.
   */
  lineage(): Promise<string | null>
  /** Resolves where the store answers within `ms` milliseconds; rejects with the reason where not. */
  ping(ms: number): Promise<void>
  close(): Promise<void>
}
