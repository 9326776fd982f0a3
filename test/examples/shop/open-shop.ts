import { BSON, type Document } from 'mongodb'
import type { Viewer } from '../../../examples/shop/auth/viewer.ts'
import config from '../../../examples/shop/crossfade.config.ts'
import { generate } from '../../../examples/shop/data/generate.ts'
import { Book } from '../../../examples/shop/entities/book.ts'
import { Customer } from '../../../examples/shop/entities/customer.ts'
import { Order } from '../../../examples/shop/entities/order.ts'
import { Review } from '../../../examples/shop/entities/review.ts'
import { setStage } from '../../../src/control/move.ts'
import type { Entity } from '../../../src/entity/entity.ts'
import { flagMembers } from '../../../src/entity/flag-key.ts'
import type { Mismatch } from '../../../src/stores/findings.ts'
import { openAppGateway, type SmallGateway } from '../../support/small-gateway.ts'
import { type Answer, askAt, tokenOf, type Variables } from './client.ts'

/** The example on both stores, with its sample data. */
export interface Shop extends SmallGateway {
  readonly reported: readonly Mismatch[]
  /** Asks as a visitor, a customer or staff. */
  as(viewer: Viewer | null, operationName: string, variables?: Variables): Promise<Answer>
  /** Moves all reads to the store without authority, or none. */
  moveReads(readPercent: 0 | 100): Promise<void>
}

/** @param products in Extended JSON, beside those of the sample. */
export async function openShop(products: readonly object[] = []): Promise<Shop> {
  const sample = generate(1)
  const read = (documents: readonly object[]) => documents.map((each): Document => BSON.EJSON.deserialize(each))
  const documents = new Map<Entity, readonly Document[]>([
    [Book, read([...sample.products, ...products])], // of all kinds
    [Customer, read(sample.customers)],
    [Order, read(sample.orders)],
    [Review, read(sample.reviews)],
  ])
  const reported: Mismatch[] = []
  const api = await openAppGateway(config, documents, { onMismatch: (mismatch) => reported.push(mismatch) })
  const { mongo, postgres } = api.stores
  const move = {
    ledgers: { mongo: mongo.ledger, postgres: postgres.ledger },
    log: () => undefined,
    sweep: async () => 0,
  }
  return {
    ...api,
    reported,
    as: async (viewer, operationName, variables) =>
      askAt(api.gateway.url, await tokenOf(viewer), operationName, variables),
    async moveReads(readPercent) {
      for (const type of flagMembers(config.entities).keys()) await setStage(move, { type, readPercent })
      await api.gateway.routing.flags.refresh()
    },
  }
}
