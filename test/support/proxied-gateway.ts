import { inject } from 'vitest'
import type { Origin } from '../../src/util/origin.ts'
import { openGateway, type TestGateway } from './gateway.ts'
import { type TcpProxy, tcpProxy } from './tcp-proxy.ts'

/** The real API on both real stores, each behind a door of its own that can be held. */
export interface ProxiedGateway {
  readonly api: TestGateway
  readonly proxies: Readonly<Record<Origin, TcpProxy>>
  readonly movieId: string
  close(): Promise<void>
}

/** @param probeMs see `openGateway`. */
export async function openProxiedGateway(seed: number, probeMs?: number): Promise<ProxiedGateway> {
  const [mongoUri, databaseUrl] = [new URL(inject('mongoUri')), new URL(inject('databaseUrl'))]
  const [mongo, postgres] = [await tcpProxy(Number(mongoUri.port)), await tcpProxy(Number(databaseUrl.port))]
  mongoUri.port = String(mongo.port)
  databaseUrl.port = String(postgres.port)
  const api = await openGateway(seed, { mongoUri: mongoUri.href, databaseUrl: databaseUrl.href }, {}, probeMs)
  return {
    api,
    proxies: { mongo, postgres },
    movieId: String((await api.stores.mongo.connection.db.collection('movies').findOne({}))!._id),
    async close() {
      await api.close()
      await mongo.stop()
      await postgres.stop()
    },
  }
}
