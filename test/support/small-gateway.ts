import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { GraphQLSchema } from 'graphql'
import type { Document } from 'mongodb'
import { setStage } from '../../src/control/move.ts'
import { prepareFlags } from '../../src/control/prepare-flags.ts'
import type { Entity } from '../../src/entity/entity.ts'
import { flagMembers } from '../../src/entity/flag-key.ts'
import type { CrossfadeConfig } from '../../src/gateway/config.ts'
import { type GatewayRun, type RunningGateway, startGateway } from '../../src/gateway/start-gateway.ts'
import { backfill } from '../../src/jobs/backfill.ts'
import type { Stage } from '../../src/stage/stage.ts'
import { openStores, type TestStores } from './stores.ts'

/** An API of a few types, in stage shadow, with documents that were backfilled. */
export interface SmallGateway {
  readonly gateway: RunningGateway
  readonly stores: TestStores
  readonly dataDir: string
  ask(query: string, variables?: object): Promise<unknown>
  /** Moves all types. */
  setStage(stage: Stage): Promise<void>
  close(): Promise<void>
}

interface Watched {
  readonly log?: GatewayRun['log']
  readonly logRequest?: GatewayRun['logRequest']
  readonly onMismatch?: GatewayRun['onMismatch']
  readonly captures?: boolean
  readonly meter?: GatewayRun['meter']
  readonly notices?: GatewayRun['notices']
  /** What the gateway gets for the stores. */
  readonly replace?: (stores: TestStores) => TestStores | Promise<TestStores>
}

/** An API of one type. */
export const openSmallGateway = (
  schema: GraphQLSchema,
  entity: Entity,
  documents: readonly Document[],
  watched?: Watched,
): Promise<SmallGateway> =>
  openAppGateway({ schema, entities: [entity], migrations: {} }, new Map([[entity, documents]]), watched)

/** The API of a config, whose tables are those that its mappings imply. */
export async function openAppGateway(
  app: CrossfadeConfig,
  documents: ReadonlyMap<Entity, readonly Document[]>,
  watched: Watched = {},
): Promise<SmallGateway> {
  const { replace = (stores) => stores, log = () => undefined, ...given } = watched
  const { entities } = app
  const dataDir = mkdtempSync(join(tmpdir(), 'crossfade-gateway-'))
  const stores = await openStores(entities)
  const ledgers = { mongo: stores.mongo.ledger, postgres: stores.postgres.ledger }
  const members = flagMembers(entities)
  const keys = [...members.keys()]
  await prepareFlags(ledgers, keys, members)
  for (const [entity, each] of documents)
    await stores.mongo.connection.db.collection(entity.mongo).insertMany([...each] as Document[])
  const config = { ...app, migrations: {} }
  const gateway = await startGateway({
    config,
    stores: await replace(stores),
    port: 0,
    dataDir,
    log,
    ...given,
    probeMs: 30_000, // the machine may be busy
  })
  const move = { ledgers, log: () => undefined, sweep: async () => 0 }
  async function toStage(stage: Stage): Promise<void> {
    for (const type of keys) await setStage(move, { type, stage })
    await gateway.routing.flags.refresh()
  }
  /** From off by a copy: without one no other store is believed. */
  async function changeStage(stage: Stage): Promise<void> {
    if (stage !== 'off' && gateway.routing.flags.get(keys[0]!).stage === 'off') {
      await toStage('dualwrite')
      for (const entity of entities) await backfill({ stores, entity })
    }
    await toStage(stage)
  }
  await changeStage('shadow')
  return {
    gateway,
    stores,
    dataDir,
    setStage: changeStage,
    async ask(query, variables = {}) {
      const response = await fetch(gateway.url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ query, variables }),
      })
      return response.json()
    },
    async close() {
      await gateway.close()
      await stores.close()
      rmSync(dataDir, { recursive: true })
    },
  }
}
