import type { Replica } from '../store.ts'
import { settleArriving } from './arriving.ts'
import { bulkPut } from './bulk-put.ts'
import { encodeNodes, isTooLarge, tooLarge } from './codec/encode.ts'
import type { MongoConnection } from './connection.ts'
import { isOfAnother } from './put.ts'

export const mongoReplica = (connection: MongoConnection): Replica => ({
  bulkPut: (entity, images, under) => bulkPut(connection, entity, images, under),
  settleArriving: (entity, olderThanMs) => settleArriving(connection, entity, olderThanMs),
  unfit: (entity, record) => (isTooLarge(encodeNodes(entity.nodes, record)) ? tooLarge : null),
  isTaken: (entity, id) => isOfAnother(connection, entity, id),
})
