import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { startMongo } from '../../src/embedded/mongo.ts'
import { startPostgres } from '../../src/embedded/postgres.ts'
import { startStores } from '../../src/embedded/start-stores.ts'
import type { Stores } from '../../src/routing/routing.ts'
import { adopt } from '../../src/stores/mongo/codec/adopt.ts'
import { mongoStore } from '../../src/stores/mongo/mongo-store.ts'
import { isStandIn } from '../../src/stores/mongo/server-check.ts'
import { postgresStore } from '../../src/stores/postgres/postgres-store.ts'
import type { Origin } from '../../src/util/origin.ts'
import { commanded } from './command.ts'
import { type Doors, openDoors } from './doors.ts'
import { type GatewayProcess, gatewayProcess } from './gateway-process.ts'

export interface Member {
  readonly gateway: GatewayProcess
  readonly doors: Doors
}

/** Both servers, the gateways, and whoever gives commands: each with a way of its own to the servers. */
export interface Setting {
  readonly members: readonly Member[]
  readonly operator: Doors
  /** Of the command. */
  readonly env: Readonly<Record<string, string>>
  /** The stores themselves, for who looks at what is left: no fault lies between. */
  readonly direct: Stores & {
    readonly mongo: ReturnType<typeof mongoStore>
    readonly postgres: ReturnType<typeof postgresStore>
  }
  /**
   * Whether transactions can be played. Stand-in (SecantusDB): plain writes beside transactions of gateways that are killed
   * have it wait for itself, and it takes no write any more.
   */
  readonly hasTransactions: boolean
  killStore(origin: Origin): Promise<void>
  /** On its data, at its port. Nothing happens where it runs. */
  startStore(origin: Origin): Promise<void>
  close(): Promise<void>
}

const start = { mongo: startMongo, postgres: startPostgres } as const

/** Everything that a history needs, with the app's tables, and no gateway started yet. */
export async function openSetting(dataDir: string, gateways: number, log: (line: string) => void): Promise<Setting> {
  mkdirSync(dataDir, { recursive: true })
  const servers = await startStores({ dataDir, log })
  const pids: Record<Origin, number> = { mongo: servers.mongo.pid!, postgres: servers.postgres.pid! }
  const [mongoUri, databaseUrl] = [servers.mongo.uri, servers.postgres.uri]
  const operator = await openDoors(mongoUri, databaseUrl)
  const env = { ...operator.env, CROSSFADE_DATA_DIR: join(dataDir, 'operator') }
  const members: Member[] = []
  for (let n = 0; n < gateways; n++) {
    const doors = await openDoors(mongoUri, databaseUrl)
    members.push({ doors, gateway: await gatewayProcess({ name: `gateway-${n}`, dataDir, env: doors.env }) })
  }
  const direct = { mongo: mongoStore({ uri: mongoUri }), postgres: postgresStore({ uri: databaseUrl, adopt }) }
  // Sparse, since many seats may be free
  await direct.mongo.connection.db.collection('seats').createIndex({ holder: 1 }, { unique: true, sparse: true })
  await commanded(['migrate', 'up'], env)
  return {
    members,
    operator,
    env,
    direct,
    hasTransactions: !(await isStandIn(direct.mongo.connection)),
    async killStore(origin) {
      process.kill(pids[origin], 'SIGKILL')
    },
    async startStore(origin) {
      pids[origin] = (await start[origin]({ dataDir, log })).pid!
    },
    async close() {
      await Promise.all(members.map(({ gateway }) => gateway.kill()))
      await Promise.all([direct.mongo.close(), direct.postgres.close()])
      await Promise.all([operator, ...members.map(({ doors }) => doors)].map((doors) => doors.stop()))
      await servers.stop()
    },
  }
}
