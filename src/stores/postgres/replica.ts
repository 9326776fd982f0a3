import type { Replica } from '../store.ts'
import type { PostgresConnection } from './connection.ts'
import { bulkPut } from './put.ts'

export const postgresReplica = (connection: PostgresConnection): Replica => ({
  bulkPut: (entity, images, under, areNew) => bulkPut(connection, entity, images, under, areNew),
  // A put is one transaction: nothing is seen of it before its end
  settleArriving: async () => 0,
  // What a text becomes when it is compressed for an index is known to the server alone
  unfit: () => null,
  // Types that share a table share a collection, whose ids MongoDB has looked at
  isTaken: async () => false,
})
