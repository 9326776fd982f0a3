import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createYoga } from 'graphql-yoga'
import { type Db, MongoClient } from 'mongodb'
import { migrateAll } from '../src/cli/migrate.ts'
import { openSession } from '../src/cli/session.ts'
import { setStage } from '../src/control/move.ts'
import { loadSample } from '../src/demo/sample.ts'
import { type RunningGateway, startGateway } from '../src/gateway/start-gateway.ts'
import { backfill } from '../src/jobs/backfill.ts'
import { ensureConstraints } from '../src/jobs/ensure-constraints.ts'
import { moveOptions } from '../src/jobs/move-options.ts'
import type { Stores } from '../src/routing/routing.ts'
import type { Stage } from '../src/stage/stage.ts'
import type { Origin } from '../src/util/origin.ts'
import { withoutAge } from '../test/support/without-age.ts'
import { type ByHand, byHandSchema, loadersOf } from './by-hand-schema.ts'

export const say = (line: string): boolean => process.stderr.write(`${line}\n`)

/** Both stores with the generated data of the demo. */
export interface Fixture {
  readonly stores: Stores
  /** The database as a program sees it that has the driver alone. */
  readonly plainMongo: Db
  readonly uris: Readonly<Record<Origin, string>>
  /** Of the embedded servers; 0 of one that was given. */
  readonly pids: Readonly<Record<Origin, number>>
  readonly dataDir: string
  /** A movie that has everything. */
  readonly movieId: string
  /** A gateway, on other stores where some are given. */
  startGateway(stores?: Stores): Promise<RunningGateway>
  /** Moves all types, or those that are named; a gateway sees it after its `flags.refresh`. */
  move(stage: Stage, samplePercent?: number, types?: readonly string[]): Promise<void>
  /** From `off` to `dualwrite`, with everything copied. */
  copy(): Promise<void>
}

export async function withFixture<T>(work: (fixture: Fixture) => Promise<T>): Promise<T> {
  const dataDir = mkdtempSync(join(tmpdir(), 'crossfade-bench-'))
  process.env['CROSSFADE_DATA_DIR'] = dataDir
  const session = await openSession(undefined, say)
  const { config, stores } = session
  const plain = new MongoClient(session.servers.mongo.uri)
  try {
    const demo = config.demo!
    for (const [collection, documents] of Object.entries(demo.generate(5))) {
      await loadSample(stores.mongo.connection, collection, documents, demo.indexes?.[collection])
    }
    await migrateAll(session)
    const options = moveOptions({ entities: config.entities, stores, log: () => undefined })
    const all = config.entities.map(({ name }) => name)
    const move: Fixture['move'] = async (stage, samplePercent = 0, types = all) => {
      for (const name of types) await setStage(options, { type: name, stage, samplePercent, noOtherWriters: true })
    }
    return await work({
      stores,
      plainMongo: plain.db(stores.mongo.connection.db.databaseName),
      uris: { mongo: session.servers.mongo.uri, postgres: session.servers.postgres.uri },
      pids: { mongo: session.servers.mongo.pid ?? 0, postgres: session.servers.postgres.pid ?? 0 },
      dataDir,
      movieId: String((await stores.mongo.connection.db.collection('movies').findOne({ year: 1960 }))!._id),
      startGateway: (on = stores) => startGateway({ config, stores: on, port: 0, dataDir, log: () => undefined }),
      move,
      async copy() {
        await move('dualwrite')
        for (const entity of config.entities) await backfill({ stores, entity })
        await ensureConstraints(stores, config.entities)
      },
    })
  } finally {
    await plain.close()
    await session.close()
    rmSync(dataDir, { recursive: true, force: true })
  }
}

/** The hand-written server: the same HTTP server and Yoga, without any of Crossfade. */
export async function serveByHand(store: ByHand): Promise<{ url: string; close: () => void }> {
  const yoga = createYoga({
    schema: byHandSchema(),
    logging: false,
    context: () => ({ store, loaders: loadersOf(store) }),
  })
  const server = createServer(yoga)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`, close: () => server.close() }
}

export async function answer(url: string, body: string): Promise<string> {
  return (await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body })).text()
}

/** @throws Error where two servers answer one request differently. */
export async function sameAnswer(name: string, baseline: string, ours: string, body: string): Promise<void> {
  // A server under load may be late to tell that the mirror is not behind
  const [expected, got] = [withoutAge(await answer(baseline, body)), withoutAge(await answer(ours, body))]
  if (expected !== got) throw new Error(`${name}: the two servers answer differently:\n${expected}\n${got}`)
}

/** The operations that reads are measured with; the hand-written schema has them, too. */
export const queries = (id: string): Readonly<Record<string, object>> => ({
  single: {
    query: 'query ($id: ID!) { movie(id: $id) { id title year genres imdb { rating votes } } }',
    variables: { id },
  },
  'list of 50': { query: '{ movies(first: 50) { edges { node { id title year genres } } } }' },
  'nested 3 levels': {
    query:
      '{ movies(first: 10) { edges { node { id title comments(first: 5) { edges { node { id text author { id name } } } } } } } }',
  },
})
