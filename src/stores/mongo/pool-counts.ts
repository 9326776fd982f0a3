import type { MongoClient } from 'mongodb'

interface PoolCounts {
  taken: number
  idle: number
  waiting: number
}

/**
 * Counts the connections of a client, of all its servers' pools, by the events that the driver tells (Connection
 * Monitoring and Pooling).
 *
 * @returns what they are at the moment.
 */
export function poolCounts(client: MongoClient): () => Readonly<PoolCounts> {
  let [open, taken, waiting] = [0, 0, 0]
  client.on('connectionCreated', () => open++)
  client.on('connectionClosed', () => open--)
  client.on('connectionCheckOutStarted', () => waiting++)
  client.on('connectionCheckOutFailed', () => waiting--)
  client.on('connectionCheckedOut', () => {
    waiting--
    taken++
  })
  client.on('connectionCheckedIn', () => taken--)
  return () => ({ taken, idle: open - taken, waiting })
}
