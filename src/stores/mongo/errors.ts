import {
  BSON,
  MongoClientClosedError,
  MongoError,
  MongoErrorLabel,
  MongoExpiredSessionError,
  MongoNetworkError,
  MongoNotConnectedError,
  MongoOperationTimeoutError,
  MongoServerClosedError,
  MongoServerError,
  MongoServerSelectionError,
  MongoStalePrimaryError,
  MongoTopologyClosedError,
  MongoWriteConcernError,
} from 'mongodb'
import type { Entity } from '../../entity/entity.ts'
import { CrossfadeError, codeOf } from '../../util/errors.ts'
import { isPlainObject } from '../../util/json.ts'
import {
  Conflict,
  type Failure,
  isTrouble,
  meanings,
  refusedRecord,
  StoreSilent,
  troubleOfRead,
  troubleOfWrite,
} from '../failure.ts'
import { tooLarge } from './codec/encode.ts'
import { MemberLags } from './member-lags.ts'
import { PoolFull } from './pool-full.ts'

/** The server's codes: https://github.com/mongodb/mongo/blob/master/src/mongo/base/error_codes.yml */
const byCode = meanings<number>({
  // Its state changes, or it is not the one that is written
  unreachable: [6, 7, 89, 91, 133, 134, 189, 9001, 10058, 10107, 11600, 11602, 13435, 13436],
  // Locks, write conflicts, cursors and plans that were swept away, disk space, a limit of requests
  busy: [24, 43, 46, 112, 117, 175, 225, 237, 244, 251, 462, 14031],
  full: [], // told by its class
  // maxTimeMS, transactions and operations that were ended, memory of a sort or group
  timeout: [50, 146, 262, 290, 292, 11601],
  forbidden: [11, 13, 18, 391, 8000],
  // A collection, command or option that this server does not have
  unfit: [20, 26, 59, 72, 115, 166, 323],
  conflict: [11000, 11001],
  // Values that do not fit, validators, keys, sizes, depths
  refused: [2, 14, 15, 28, 52, 57, 121, 171, 241, 10003, 10334, 16755, 17280, 17419, 17420, 31109],
  unknown: [64, 79, 100],
})

/** Pools have classes of their own, which the driver does not export. */
const byName = new Map<string, Failure>([
  ['MongoWaitQueueTimeoutError', 'full'],
  ['MongoPoolClosedError', 'unreachable'],
])

const noConnection = [
  MongoServerSelectionError,
  MongoNetworkError, // cleared pools, too
  MongoStalePrimaryError,
  MongoNotConnectedError,
  MongoServerClosedError,
  MongoTopologyClosedError,
  // Our own end, which also ends the sessions of what is under way
  MongoClientClosedError,
  MongoExpiredSessionError,
]

/** Node's own errors of a socket, which the driver hands on where it writes to one that the other end has closed. */
const ofSockets: ReadonlySet<unknown> = new Set([
  'EPIPE',
  'ECONNRESET',
  'ECONNREFUSED',
  'ECONNABORTED',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ERR_STREAM_DESTROYED',
  'ERR_STREAM_WRITE_AFTER_END',
])

/** The name service did not find the hosts of a `mongodb+srv` address: the driver hands its error on. */
const isLookup = (error: unknown): boolean =>
  error instanceof Error && 'syscall' in error && String(error.syscall).startsWith('query')

/** What an error means; null for a fault of ours. A broken connection says nothing of whether a command was sent. */
export function failureOf(error: unknown): Failure | null {
  if (error instanceof StoreSilent) return 'unreachable'
  if (error instanceof MemberLags) return 'timeout'
  if (error instanceof PoolFull) return 'full'
  // The driver meets sizes and depths of its own before the server does
  if (error instanceof RangeError || error instanceof BSON.BSONError) return 'refused'
  if (!(error instanceof MongoError)) return isLookup(error) || ofSockets.has(codeOf(error)) ? 'unreachable' : null
  if (error instanceof MongoWriteConcernError) return 'unknown'
  if (noConnection.some((kind) => error instanceof kind)) return 'unreachable'
  if (error instanceof MongoOperationTimeoutError) return 'timeout'
  const known = byName.get(error.name) ?? byCode.get(Number(error.code))
  if (known) return known
  const busy = [MongoErrorLabel.TransientTransactionError, MongoErrorLabel.SystemOverloadedError]
  if (busy.some((label) => error.hasErrorLabel(label))) return 'busy'
  return error.hasErrorLabel(MongoErrorLabel.RetryableWriteError) ? 'unreachable' : null
}

/** True for "this key is taken"; on `_id` a guarded upsert raises it where the guard refused: late, not broken. */
export function isDuplicate(error: unknown): error is MongoServerError {
  return error instanceof MongoServerError && failureOf(error) === 'conflict'
}

/** True where the store is in trouble, and another record would fare the same. */
export const isStoreTrouble = (error: unknown): boolean => isTrouble(failureOf(error))

const reasons = new Map<number, string>([
  [15, 'it is nested too deep for MongoDB'],
  [17419, tooLarge],
  [17420, tooLarge],
  [10334, tooLarge],
  [17280, 'a value is too long for an index of MongoDB'],
])

interface ValidatorDetails {
  readonly details?: {
    readonly schemaRulesNotSatisfied?: readonly {
      readonly propertiesNotSatisfied?: readonly { readonly propertyName?: string }[]
      readonly additionalProperties?: readonly string[]
      readonly missingProperties?: readonly string[]
    }[]
  }
}

function validatorReason(error: MongoServerError): string {
  const { details }: ValidatorDetails = error['errInfo'] ?? {}
  const properties = (details?.schemaRulesNotSatisfied ?? []).flatMap((rule) => [
    ...(rule.propertiesNotSatisfied ?? []).flatMap(({ propertyName }) => propertyName ?? []),
    ...(rule.additionalProperties ?? []),
    ...(rule.missingProperties ?? []),
  ])
  const where = properties.length > 0 ? ` (${properties.join(', ')})` : ''
  return `the validator of the MongoDB collection refuses it${where}`
}

/** Why MongoDB cannot hold this record, with no value of it; null where the record is not the reason. */
export function refusal(error: unknown): string | null {
  if (failureOf(error) !== 'refused') return null
  if (!(error instanceof MongoServerError))
    return 'it is too large, nested too deep or named in a way that BSON has not'
  if (error.code === 121) return validatorReason(error)
  return reasons.get(Number(error.code)) ?? `a value is not one that its field can hold (MongoDB's code ${error.code})`
}

/** The document paths of the unique index that refused a write; none where the server does not say. */
export function pathsRefused(error: MongoServerError): string[] {
  const pattern: unknown = error['keyPattern']
  return isPlainObject(pattern) ? Object.keys(pattern) : []
}

/** The record paths of the unique index that refused a write. */
function conflictFields(entity: Entity, error: MongoServerError): string[] {
  const byMongoPath = new Map([...entity.leaves.values()].map((leaf) => [leaf.mongo, leaf.path]))
  return pathsRefused(error).map((key) => (key === '_id' ? 'id' : (byMongoPath.get(key) ?? key)))
}

/** What a failed read means to the caller. */
export function readError(error: unknown): unknown {
  const failure = failureOf(error)
  return failure === null ? error : troubleOfRead(failure, error)
}

/** A server that steps down or stops may have begun the write. */
const interrupted = new Set([6, 7, 89, 91, 189, 9001, 11600, 11602])

/** Whether the server says that it did nothing of a command. One that ran out of time, or was interrupted, may have. */
export function isRefused(error: unknown): boolean {
  if (!(error instanceof MongoServerError)) return false
  const failure = failureOf(error)
  return failure !== null && failure !== 'timeout' && failure !== 'unknown' && !interrupted.has(Number(error.code))
}

/**
 * What a failed write means to the caller. The driver's own retry is exactly-once, so none is added here.
 *
 * @param open how many write commands had been sent and not refused: "nothing was written" is said only where there was
 * none.
 */
export function writeError(entity: Entity, error: unknown, open: number): unknown {
  const failure = failureOf(error)
  if (failure === null || error instanceof CrossfadeError) return error
  if (isDuplicate(error)) return new Conflict(conflictFields(entity, error))
  const reason = refusal(error)
  if (reason !== null) return refusedRecord(reason)
  return troubleOfWrite('MongoDB', open === 0 ? failure : 'unknown', error)
}
