import type { Document } from 'mongodb'
import type { Origin } from '../../src/util/origin.ts'
import { mongoProxy } from '../support/mongo-proxy.ts'
import { type TcpProxy, tcpProxy } from '../support/tcp-proxy.ts'

/** What a server says that was the primary, by code of its error. */
export type SteppedDown = 10107 | 91 | 189

/** The way of one process to both stores, which may be in trouble for it alone. */
export interface Doors {
  readonly proxies: Readonly<Record<Origin, TcpProxy>>
  /** The settings with which the process finds the stores. */
  readonly env: Readonly<Record<'MONGODB_URI' | 'DATABASE_URL', string>>
  /** MongoDB takes no writes, and says so by this code, until it is called with null. */
  stepDown(code: SteppedDown | null): void
  stop(): Promise<void>
}

const names = { 10107: 'NotWritablePrimary', 91: 'ShutdownInProgress', 189: 'PrimarySteppedDown' } as const
const writes = ['insert', 'update', 'delete', 'findAndModify', 'commitTransaction']

export async function openDoors(mongoUri: string, databaseUrl: string): Promise<Doors> {
  let code: SteppedDown | null = null
  const refuse = (command: Document): Document | null => {
    if (code === null || !writes.some((name) => name in command)) return null
    const errorLabels = 'txnNumber' in command ? ['RetryableWriteError'] : []
    return { ok: 0, code, codeName: names[code], errmsg: 'not primary', errorLabels }
  }
  const [mongo, postgres] = [new URL(mongoUri), new URL(databaseUrl)]
  const proxies = {
    mongo: await mongoProxy(Number(mongo.port), { refuse }),
    postgres: await tcpProxy(Number(postgres.port)),
  }
  mongo.port = String(proxies.mongo.port)
  postgres.port = String(proxies.postgres.port)
  return {
    proxies,
    env: { MONGODB_URI: mongo.href, DATABASE_URL: postgres.href },
    stepDown(now) {
      code = now
    },
    async stop() {
      await Promise.all([proxies.mongo.stop(), proxies.postgres.stop()])
    },
  }
}
