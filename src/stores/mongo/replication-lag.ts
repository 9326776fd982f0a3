import type { MongoConnection } from './connection.ts'

/**
 * By how much a majority of the set is behind its primary, in milliseconds, in steps of a second; null on a server alone.
 * What `replSetGetStatus` tells of each member needs a right of the cluster's.
 * Source: MongoDB manual, "hello", `hello.lastWrite`
 */
export async function replicationLag({ db }: MongoConnection): Promise<number | null> {
  const { lastWrite } = await db.command({ hello: 1 }, { readPreference: 'primary' })
  const [last, byMajority]: unknown[] = [lastWrite?.lastWriteDate, lastWrite?.majorityWriteDate]
  if (!(last instanceof Date && byMajority instanceof Date)) return null
  return Math.max(0, last.getTime() - byMajority.getTime())
}
