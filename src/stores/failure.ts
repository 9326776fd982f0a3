import { CrossfadeError, type ErrorCode } from '../util/errors.ts'
import type { Origin } from '../util/origin.ts'

/**
 * What an error of a store means, told by its code, label or class, never by its message.
 *
 * - unreachable: nothing was sent, or the server refused to serve: it starts, stops, or is not the one that is written.
 * - busy: no room at the moment: connections, memory, locks, a conflict with another write. The same call may succeed.
 * - full: no connection of ours was free in time: too much is asked of the gateway, whichever store answers.
 * - timeout: the store or the caller gave up waiting.
 * - forbidden: user, password or right is missing.
 * - unfit: the store lacks what a statement names: a table, a column, a database, a feature.
 * - conflict: another record holds a unique value.
 * - refused: this record or value, by a rule of the store: size, key length, validator, range, encoding.
 * - unknown: a write was sent and not confirmed: it may stand.
 */
export type Failure = (typeof failures)[number]

const failures = [
  'unreachable',
  'busy',
  'full',
  'timeout',
  'forbidden',
  'unfit',
  'conflict',
  'refused',
  'unknown',
] as const

interface Meaning {
  /** Of the store, not of what was asked or written: another record would fare the same. */
  readonly trouble: boolean
  /** It says nothing of a read that was compared. A store that lacks what the read names does. */
  readonly outage: boolean
  /** The other store may answer a read that failed so. One that took too long, or one too many, would burden both. */
  readonly elsewhere: boolean
  /** It spends the error budget of reads that were moved to the store: the store could not do what it is moved to for. */
  readonly spends: boolean
  readonly read: readonly [ErrorCode, string]
  /** Behind the store's name. */
  readonly write: readonly [ErrorCode, string]
}

const silent = 'The data store does not answer; try again.'
const closed = 'The data store cannot serve this at the moment; its operator has to look.'

const MEANING: Readonly<Record<Failure, Meaning>> = {
  unreachable: {
    trouble: true,
    outage: true,
    elsewhere: true,
    spends: true,
    read: ['UNAVAILABLE', silent],
    write: ['UNAVAILABLE', 'does not answer; nothing was written.'],
  },
  busy: {
    trouble: true,
    outage: true,
    elsewhere: true,
    spends: true,
    read: ['TRY_AGAIN', 'The data store has too much to do; try again.'],
    write: ['TRY_AGAIN', 'has too much to do; nothing was written, try again.'],
  },
  full: {
    trouble: true,
    outage: true,
    elsewhere: false,
    spends: false,
    read: ['TRY_AGAIN', 'Too much is asked of the API at the moment; try again.'],
    write: ['TRY_AGAIN', 'is asked too much at the moment; nothing was written, try again.'],
  },
  timeout: {
    trouble: true,
    outage: true,
    elsewhere: false,
    spends: true,
    read: ['UNAVAILABLE', 'The query took too long; ask for less.'],
    write: ['UNAVAILABLE', 'took too long; nothing was written.'],
  },
  forbidden: {
    trouble: true,
    outage: true,
    elsewhere: true,
    spends: true,
    read: ['UNAVAILABLE', closed],
    write: ['UNAVAILABLE', 'does not let the gateway write; its operator has to look. Nothing was written.'],
  },
  unfit: {
    trouble: true,
    outage: false,
    elsewhere: true,
    spends: true,
    read: ['UNAVAILABLE', closed],
    write: ['UNAVAILABLE', 'lacks what the write needs; its operator has to look. Nothing was written.'],
  },
  conflict: {
    trouble: false,
    outage: false,
    elsewhere: false,
    spends: false,
    read: ['TRY_AGAIN', silent],
    write: ['CONFLICT', 'has a record with this value already.'],
  },
  refused: {
    trouble: false,
    outage: false,
    elsewhere: false,
    spends: false,
    read: ['BAD_USER_INPUT', 'The data store cannot answer this question; ask for less, or in another way.'],
    write: ['BAD_USER_INPUT', 'cannot hold this record'],
  },
  unknown: {
    trouble: true,
    outage: true,
    elsewhere: true,
    spends: true,
    read: ['UNAVAILABLE', silent],
    write: ['UNKNOWN_OUTCOME', 'did not confirm the write; look before repeating it.'],
  },
}

/** Why a call was ended before its answer: the store answers nobody. */
export class StoreSilent extends Error {
  constructor(origin: Origin) {
    super(`${origin} does not answer`)
    this.name = 'StoreSilent'
  }
}

/** Causes that a driver tells, each with its meaning. */
export const meanings = <K>(table: Readonly<Record<Failure, readonly K[]>>): ReadonlyMap<K, Failure> =>
  new Map(failures.flatMap((failure) => table[failure].map((cause) => [cause, failure] as const)))

/** What an error of the stores that are asked means; null for a fault of ours. */
export const failureOfAny = (
  { mongo, postgres }: Readonly<Partial<Record<Origin, { failureOf(error: unknown): Failure | null }>>>,
  error: unknown,
): Failure | null => mongo?.failureOf(error) ?? postgres?.failureOf(error) ?? null

export const isOutage = (failure: Failure | null): boolean => failure !== null && MEANING[failure].outage

export const isTrouble = (failure: Failure | null): boolean => failure !== null && MEANING[failure].trouble

/** Whether an error tells of one of the stores, and not of what it was asked. */
export const tellsOfTrouble = (stores: Parameters<typeof failureOfAny>[0], error: unknown): boolean =>
  isTrouble(failureOfAny(stores, error))

/** Whether the other store may answer a read that failed so. */
export const mayAnswerElsewhere = (failure: Failure | null): boolean => failure !== null && MEANING[failure].elsewhere

/** Whether a read that failed so spends the error budget of the store. */
export const spendsBudget = (failure: Failure | null): boolean => failure !== null && MEANING[failure].spends

/** What a read that failed so means to the caller: the same of either store, since a client knows of one. */
export function troubleOfRead(failure: Failure, error: unknown): CrossfadeError {
  return new CrossfadeError(...MEANING[failure].read, { cause: error })
}

/** What a write that failed by the store's trouble means to the caller. */
export function troubleOfWrite(store: string, failure: Failure, error: unknown): CrossfadeError {
  const [code, text] = MEANING[failure].write
  return new CrossfadeError(code, `${store} ${text}`, { cause: error })
}

/** A unique value is taken. Without a cause: a driver's message quotes the value. */
export class Conflict extends CrossfadeError {
  /** Paths of the record; none where the store does not say. */
  readonly fields: readonly string[]

  constructor(fields: readonly string[]) {
    super('CONFLICT', `A record with this ${fields.join(', ') || 'value'} exists already.`)
    this.fields = fields
  }
}

/** Why a record can't be put, where nothing that the store knows is the reason: by class, since a message may hold values. */
export const faultOf = (error: unknown): string =>
  `an unexpected fault (${error instanceof Error ? error.name : typeof error}); report it with a document that shows it`

/** The store cannot hold the record. Without a cause, likewise. */
export function refusedRecord(reason: string): CrossfadeError {
  return new CrossfadeError('BAD_USER_INPUT', `The record cannot be kept: ${reason}.`)
}
