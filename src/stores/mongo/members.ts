import type { ClientSession, FindOptions, ReadPreferenceMode } from 'mongodb'
import { codeOf } from '../../util/errors.ts'
import type { MongoConnection } from './connection.ts'
import { MemberLags } from './member-lags.ts'

/** Members of a replica set that are read in the primary's place, and how far behind it what they answer may be. */
export interface Members {
  readonly readPreference: ReadPreferenceMode
  /** In milliseconds: then the primary is asked again how far it is. */
  readonly behindMs: number
}

/** A read that waits until the member has what the primary had when it began. */
export interface MemberRead {
  readonly options: FindOptions
  /** When the primary told, by the monotonic clock. */
  readonly since: number
  /** Whether its answers may be too far behind by now. */
  isStale(): boolean
  end(): Promise<void>
}

const maxTimeMsExpired = 50

/**
 * Begins to read members that may lag. The session remembers what the primary had, and a member that has not yet got it
 * waits, within the time that a call may take, rather than answer an older state. A server alone has no such time, and
 * nobody who lags.
 * Source: MongoDB manual, "Causal Consistency and Read and Write Concerns"; "Read Concern", `afterClusterTime`
 */
export async function beginRead(connection: MongoConnection, members: Members): Promise<MemberRead> {
  const session: ClientSession = connection.client.startSession({ causalConsistency: true })
  try {
    const since = performance.now()
    await connection.db.command({ ping: 1 }, { session, readPreference: 'primary' })
    const { readPreference, behindMs } = members
    return {
      options: { session, readPreference, maxTimeMS: connection.maxTimeMs },
      since,
      isStale: () => performance.now() - since > behindMs,
      end: () => session.endSession(),
    }
  } catch (error) {
    await session.endSession()
    throw error
  }
}

/** What tells of a member that lags, in place of a server's word of a time limit. */
export const ofMember = (error: unknown, members: Members, connection: MongoConnection): unknown =>
  codeOf(error) === maxTimeMsExpired ? new MemberLags(members.readPreference, connection.maxTimeMs, error) : error
