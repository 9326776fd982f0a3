import type { z } from 'zod'
import type { Json } from '../util/json.ts'

/** One durable entry; `revision` grows with each change. */
export interface Entry {
  readonly key: string
  readonly revision: number
  readonly value: Json
}

/** An entry with its kind and its age. */
export interface AgedEntry extends Entry {
  readonly kind: string
  /** Milliseconds since it was last written, by the store's own clock: hosts' clocks may be minutes apart. */
  readonly ageMs: number
}

export interface Logged {
  readonly key: string
  readonly at: Date
  readonly value: Json
}

/** An entry of a log without its value, which may be large. */
export interface LogLine {
  /** Names it among all of the store's logs. */
  readonly line: string
  readonly key: string
  readonly at: Date
}

/** Kind of the entries that are flags of types: stores look into their own by themselves, for what they refuse. */
export const flagKind = 'flag'

/**
 * What an entry or a log keeps, in the form that its kind has; null where it is in none. Another version of the gateway
 * may have written it: members that this one does not know are left out.
 */
export const parseAs = <T>(form: z.ZodType<T>, value: unknown): T | null => form.safeParse(value).data ?? null

/**
 * Bookkeeping in one store: flags, instances, checkpoints, claims, dead letters, audit. Kept small on purpose; it is
 * all that control, jobs and mirror know of a database. Writes are durable when they return.
 */
export interface Ledger {
  /** Null where there is no such entry. */
  get(kind: string, key: string): Promise<Entry | null>
  /** All entries of these kinds by kind and key, in one round trip. */
  list(...kinds: readonly string[]): Promise<AgedEntry[]>
  /**
   * Writes where the entry is still at `revision`; null means that it must not exist. False where it is not, and
   * then nothing was written.
   */
  compareAndSet(kind: string, key: string, revision: number | null, value: Json): Promise<boolean>
  /** Removes the entry; no error where it is gone. */
  /** @param revision removes the entry only where it is still at it. */
  remove(kind: string, key: string, revision?: number): Promise<void>
  /**
   * Takes a claim for `ms` milliseconds by the store's own clock, committed when it returns. True where the claim was
   * free, expired, or already `owner`'s.
   */
  claim(key: string, owner: string, ms: number): Promise<boolean>
  /** Gives a claim back where it is still `owner`'s. */
  release(key: string, owner: string): Promise<void>
  /** Adds to a log, of which nothing is changed; what is personal in it can be taken away by the two below. */
  append(log: string, key: string, value: Json): Promise<void>
  /** The newest entries of a log, newest first. */
  tail(log: string, limit: number, key?: string): Promise<Logged[]>
  /**
   * Entries of a log whose keys begin so, newest first and without their values.
   *
   * @param before goes on behind this one, the last of those that were read.
   */
  lines(log: string, beginning: string, limit: number, before?: LogLine): Promise<LogLine[]>
  /** One entry of a log; null where it is gone. */
  line(log: string, line: string): Promise<Logged | null>
  /** How many entries a log has but for these lines, by what their keys have before the first slash. */
  lengths(log: string, except: readonly string[]): Promise<ReadonlyMap<string, number>>
  /** How many entries a log has, for one key or all. */
  length(log: string, key?: string): Promise<number>
  /**
   * Removes the oldest entries of a log that are older than so many milliseconds, `limit` of them at most.
   * @returns how many.
   */
  expire(log: string, olderThanMs: number, limit: number): Promise<number>
  /** Removes all entries of a log that have this key. @returns how many. */
  forget(log: string, key: string): Promise<number>
}

/**
 * Changes an entry behind whoever else changes it at the same moment.
 *
 * @param make of what the entry holds, undefined where there is none, what it is to hold; undefined leaves it as it is.
 * @returns whether it was changed.
 */
export async function changeEntry(
  ledger: Ledger,
  kind: string,
  key: string,
  make: (value: Json | undefined) => Json | undefined,
): Promise<boolean> {
  for (;;) {
    const entry = await ledger.get(kind, key)
    const value = make(entry?.value)
    if (value === undefined) return false
    if (await ledger.compareAndSet(kind, key, entry?.revision ?? null, value)) return true
  }
}

/** Writes an entry whatever it holds. */
export async function overwrite(ledger: Ledger, kind: string, key: string, value: Json): Promise<void> {
  await changeEntry(ledger, kind, key, () => value)
}
