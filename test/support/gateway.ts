import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import config from '../../crossfade.config.ts'
import { kill } from '../../src/control/kill-file.ts'
import { setStage } from '../../src/control/move.ts'
import { prepareFlags } from '../../src/control/prepare-flags.ts'
import { loadSample } from '../../src/demo/sample.ts'
import type { CrossfadeConfig } from '../../src/gateway/config.ts'
import { type RunningGateway, startGateway } from '../../src/gateway/start-gateway.ts'
import { backfill } from '../../src/jobs/backfill.ts'
import { ensureConstraints } from '../../src/jobs/ensure-constraints.ts'
import { sweep } from '../../src/mirror/sweep.ts'
import type { Stage } from '../../src/stage/stage.ts'
import type { Mismatch } from '../../src/stores/findings.ts'
import { anyEpoch } from './any-epoch.ts'
import { openStores, type Servers, type TestStores } from './stores.ts'

/** The real API on both real stores, filled with generated documents. */
export interface TestGateway {
  readonly stores: TestStores
  readonly gateway: RunningGateway
  readonly reported: Mismatch[]
  readonly logged: string[]
  /** The response's exact text. */
  ask(query: string, variables?: object, operationName?: string): Promise<string>
  setStage(stage: Stage): Promise<void>
  /** Moves this share of reads to the mirror, in the present stage. */
  moveReads(readPercent: number): Promise<void>
  /** Throws the kill switch for all types, or takes it off. */
  kill(on: boolean): void
  /** Everything owed is mirrored and compared. */
  idle(): Promise<void>
  close(): Promise<void>
}

const { entities } = config

/** Generous: what is tested is what is found, and the machine may be busy. */
const candidateMs = 30_000
const patient = { answerMs: 120_000 }

/**
 * @param servers default: those that all tests share.
 * @param changed what of the config is another.
 * @param probeMs when a store counts as down; default: as in production for stores that a test puts in trouble, and late for
 * the others, which may be slow for a busy machine.
 */
export async function openGateway(
  seed: number,
  servers?: Servers,
  changed: Partial<CrossfadeConfig> = {},
  probeMs = servers ? undefined : candidateMs,
): Promise<TestGateway> {
  const stores = await openStores(entities, candidateMs, servers)
  const ledgers = { mongo: stores.mongo.ledger, postgres: stores.postgres.ledger }
  await prepareFlags(
    ledgers,
    entities.map(({ name }) => name),
  )
  const dataDir = mkdtempSync(join(tmpdir(), 'crossfade-gateway-'))
  const demo = config.demo!
  for (const [collection, documents] of Object.entries(demo.generate(seed))) {
    await loadSample(stores.mongo.connection, collection, documents, demo.indexes?.[collection])
  }
  const reported: Mismatch[] = []
  const logged: string[] = []
  const log = (_level: string, message: string, fields?: object): void => {
    logged.push(message)
    if (process.env['LOG_LEVEL'] === 'debug') console.error(message, fields)
  }
  const gateway = await startGateway({
    config: { ...config, shadow: { timeoutMs: candidateMs }, ...(servers ? {} : { limits: patient }), ...changed },
    stores,
    port: 0,
    dataDir,
    log,
    onMismatch: (mismatch) => reported.push(mismatch),
    ...(probeMs === undefined ? {} : { probeMs }),
  })
  const options = {
    ledgers,
    log: () => undefined,
    sweep: (type: string, origin: 'mongo' | 'postgres') =>
      sweep(
        { stores, owner: 'test', under: anyEpoch, olderThanMs: 0, impatient: true, arrivingMs: 0, log },
        entities.find(({ name }) => name === type)!,
        origin,
      ),
  }
  const move = async (stage: Stage): Promise<void> => {
    await Promise.all(entities.map(({ name }) => setStage(options, { type: name, stage })))
    await gateway.routing.flags.refresh()
  }
  return {
    stores,
    gateway,
    reported,
    logged,
    async ask(query, variables, operationName) {
      const response = await fetch(gateway.url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-client-id': 'test' },
        body: JSON.stringify({ query, variables, operationName }),
      })
      return response.text()
    },
    async setStage(stage) {
      const first = entities[0]!.name
      const now = gateway.routing.flags.get(first).stage
      if (now === 'off' && stage !== 'off') {
        await move('dualwrite')
        for (const entity of entities) await backfill({ stores, entity })
        await ensureConstraints(stores, entities)
      }
      if (gateway.routing.flags.get(first).stage !== stage) await move(stage)
    },
    async moveReads(readPercent) {
      await Promise.all(entities.map(({ name }) => setStage(options, { type: name, readPercent })))
      await gateway.routing.flags.refresh()
    },
    kill: (on) => void kill(dataDir, 'all', on),
    async idle() {
      await gateway.routing.shadow.idle()
      for (const entity of entities) {
        const from = gateway.routing.flags.get(entity.name).stage === 'live' ? 'postgres' : 'mongo'
        for (let round = 0; round < 100; round++) {
          await gateway.routing.mirror.flush()
          if ((await options.sweep(entity.name, from)) === 0) break
        }
      }
    },
    async close() {
      await gateway.close()
      await stores.close()
      rmSync(dataDir, { recursive: true, force: true })
    },
  }
}
