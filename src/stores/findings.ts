import type { MismatchKind } from '../compare/mismatch-kind.ts'
import type { Id } from '../entity/entity.ts'
import type { Json } from '../util/json.ts'
import type { Origin } from '../util/origin.ts'
import type { Basis, Coverage, SeenCoverage } from './coverage.ts'
import type { KeptRule } from './kept-rule.ts'

/** One difference that a shadow read found, redacted by the mapping. */
export interface Mismatch {
  /** Hash of type, resolver, kind and path: what makes two mismatches the same finding. */
  readonly fingerprint: string
  readonly type: string
  readonly resolver: string
  readonly kind: MismatchKind
  /** Record path, or empty where the whole record or result is meant; of an error its code. */
  readonly path: string
  readonly id: string | null
  readonly args: Json
  readonly control: Json
  readonly candidate: Json
  readonly controlVersion: string | null
  readonly candidateVersion: string | null
  /** The store that answered, of which `control` is; the other one was asked behind it. */
  readonly answeredBy?: Origin
  /** Of the request that it was seen in, where that was traced. */
  readonly traceId?: string
}

/** Examples that are kept of one group; the group counts everything. */
export const maxExamples = 20

/** Hours that counts are kept of, the present one included. */
export const keptHours = 168

/** By fingerprint, the counts of so many hours (UTC), the oldest first and the present one last. */
export type HourCounts = ReadonlyMap<string, readonly number[]>

/** What one group of mismatches is about. */
export type GroupKey = Pick<Mismatch, 'fingerprint' | 'type' | 'resolver' | 'kind' | 'path'>

export interface MismatchGroup extends GroupKey {
  readonly count: number
  readonly firstAt: Date
  readonly lastAt: Date
  /** When and why it was closed; the reason stays when it comes back. */
  readonly closedAt: Date | null
  readonly closedWhy: string | null
  /** When it came back after it was closed: counts, times and examples are those since then. */
  readonly reopenedAt: Date | null
  /** Somebody has found that it is to be mended. */
  readonly isBug: boolean
  /** Who looks after it. */
  readonly assignee: string | null
  /** What covers it by now, so that it is not open; null where nothing does. */
  readonly rule: KeptRule | null
}

/**
 * - open: nobody has closed it and no rule covers it.
 * - covered: a rule in force does.
 * - closed: somebody has closed it.
 */
export type GroupState = 'open' | 'covered' | 'closed'

/** By what groups are in order, the largest or the newest first; equal ones by their fingerprints. */
export const groupSorts = ['count', 'firstAt', 'lastAt'] as const

export type GroupSort = (typeof groupSorts)[number]

/** Which groups of mismatches are looked for; what is left out is any. */
export interface GroupSearch {
  readonly state?: GroupState
  readonly type?: string
  readonly kind?: MismatchKind
  /** A part of fingerprint, resolver, path, or the name of whom it was given to, in any case. */
  readonly text?: string
  readonly sort: GroupSort
  readonly limit: number
  readonly offset: number
}

export interface FoundGroups {
  readonly groups: readonly MismatchGroup[]
  /** How many there are in all. */
  readonly total: number
}

export interface MismatchExample {
  readonly id: string | null
  readonly at: Date
  readonly example: Json
}

/** That a record is an example of a group. */
export interface FoundOfRecord extends GroupKey {
  readonly at: Date
}

/** Mismatches of one group that a gateway found since it last told. */
export interface SeenGroup extends GroupKey {
  readonly count: number
  /** How long ago the first and the last was found, in milliseconds. */
  readonly firstMs: number
  readonly lastMs: number
  /** One a record, by the record's id, or by the arguments where the whole result is meant. */
  readonly examples: readonly SeenExample[]
}

export interface SeenExample {
  readonly subject: string
  readonly id: string | null
  readonly agoMs: number
  readonly example: Json
}

/**
 * Why a difference could not be decided.
 * - owed: the mirror is owed the record, or one of the types of the whole result.
 * - changing: it looked otherwise each time.
 * - unread: a store did not answer when it was looked at again.
 * - no room: too much else was being looked at.
 */
export type UndecidedReason = 'owed' | 'changing' | 'unread' | 'no room'

/** Differences of one type that could not be decided, for one reason. */
export interface SeenUndecided {
  readonly type: string
  readonly reason: UndecidedReason
  readonly count: number
  /** The record that the mirror is owed for longest, and for how many milliseconds when last seen; null where none is. */
  readonly id: string | null
  readonly owedMs: number | null
}

export interface Undecided extends SeenUndecided {
  readonly firstAt: Date
  readonly lastAt: Date
}

/** One store's reads of one resolver: those that both stores were asked. */
export interface ReadPlace {
  readonly type: string
  readonly resolver: string
  readonly store: Origin
}

/**
 * Reads that a store did not answer.
 * - error: it refused the read.
 * - outage: it could not be asked, or gave no answer in time.
 */
export interface SeenFailures extends ReadPlace {
  readonly kind: 'error' | 'outage'
  /** What it means, as `unreachable`, and the error's code or class. */
  readonly reason: string
  readonly count: number
}

export interface Failures extends SeenFailures {
  readonly lastAt: Date
}

/** Reads that took about as long: see `bucketOf` in `shadow/latency`. */
export interface Timing extends ReadPlace {
  readonly bucket: number
  readonly count: number
}

/** Comparisons that ended in one way, and reads that were sampled and not compared. */
export interface VerdictCount {
  readonly type: string
  readonly verdict: string
  readonly count: number
}

/** Verdicts of the hour (UTC) that lies so many back, 0 for the present one: that in which a gateway told of them. */
export interface HourVerdicts extends VerdictCount {
  readonly ago: number
}

export interface SeenVerdicts extends VerdictCount, Basis {}

/** What a gateway saw since it last told, added up, so that it takes few statements however much it is. */
export interface Seen {
  readonly groups: readonly SeenGroup[]
  readonly undecided: readonly SeenUndecided[]
  readonly verdicts: readonly SeenVerdicts[]
  readonly failures: readonly SeenFailures[]
  readonly timings: readonly Timing[]
  /** A field may come several times. */
  readonly coverage: readonly SeenCoverage[]
}

/** Where what shadow reads saw is kept, summed over all gateways. Groups count everything, examples are capped. */
export interface Findings {
  /** All of it or nothing. @returns the fingerprints of groups that are new by it, or came back, and that no rule covers. */
  add(seen: Seen): Promise<readonly string[]>
  /** Most frequent first; default: those that are open. */
  groups(which?: GroupState): Promise<readonly MismatchGroup[]>
  /** A part of them, as people look for it. */
  search(search: GroupSearch): Promise<FoundGroups>
  /** By fingerprint or an unambiguous beginning of one; null where there is none. */
  show(fingerprint: string): Promise<{ group: MismatchGroup; examples: readonly MismatchExample[] } | null>
  /** Groups that have the record for an example, the newest example first; `limit` at most. */
  ofRecord(type: string, id: string, limit: number): Promise<readonly FoundOfRecord[]>
  /**
   * Counts of the last hours, `keptHours` at most, of each group that is named: zeros for one that there is none of.
   * What was told at once counts in the hour of its last; what was found before a group came back does not count.
   */
  recent(fingerprints: readonly string[], hours: number): Promise<HourCounts>
  /** Until it is seen again; a group is named as in `show`. Null where there is none, or it is closed already. */
  close(fingerprint: string, why: string, by: string): Promise<MismatchGroup | null>
  undecided(): Promise<readonly Undecided[]>
  /** All that were ever counted. */
  verdicts(): Promise<readonly VerdictCount[]>
  /** Those of the last hours, `keptHours` at most; an hour without any is left out. */
  recentVerdicts(hours: number): Promise<readonly HourVerdicts[]>
  /** Another text once a difference was told, or something was said of a group. */
  lastChange(): Promise<string>
  /** Those of a type under one mapping since an epoch, by verdict; a verdict that there was none of is left out. */
  comparisons(type: string, mapping: string, sinceEpoch: number): Promise<Readonly<Record<string, number>>>
  /** What was read and compared of a type under one mapping since an epoch, by resolver and path. */
  coverage(type: string, mapping: string, sinceEpoch: number): Promise<readonly Coverage[]>
  /** Of one kind, or all. */
  failures(kind?: Failures['kind']): Promise<readonly Failures[]>
  timings(): Promise<readonly Timing[]>
  /** Forgets timings and failures, where they tell of something that is no more: an index was missing. */
  clearTimings(): Promise<void>
  clear(): Promise<void>
  /**
   * Removes groups, examples, what was said of groups, rules and records that could not be decided, of which nothing was
   * seen or in force for so many milliseconds: `limit` of each at most. @returns how many.
   */
  expire(olderThanMs: number, limit: number): Promise<number>
  /**
   * How much names a record: examples of its type, and those of others that hold its id somewhere; what could not be
   * decided of it. With `removes` it is removed.
   */
  forget(type: string, id: Id, removes: boolean): Promise<number>
}
