import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createYoga } from 'graphql-yoga'
import { migrateAll } from '../src/cli/migrate.ts'
import { openSession } from '../src/cli/session.ts'
import { moveOptions } from '../src/cli/sweep-now.ts'
import { setStage } from '../src/control/move.ts'
import { startGateway } from '../src/gateway/start-gateway.ts'
import { backfill, settleConstraints } from '../src/jobs/backfill.ts'
import type { Stage } from '../src/stage/stage.ts'
import { loadSample } from '../src/stores/mongo/sample.ts'
import { byHandMongo } from './by-hand-mongo.ts'
import { byHandPostgres } from './by-hand-postgres.ts'
import { type ByHand, byHandSchema, loadersOf } from './by-hand-schema.ts'
import { load, median } from './load.ts'
import type { Row } from './row.ts'

const rounds = 5

const say = (line: string): boolean => process.stderr.write(`${line}\n`)

/** The hand-written server: the same HTTP server and Yoga, without any of Crossfade. */
async function serveByHand(store: ByHand): Promise<{ url: string; close: () => void }> {
  const yoga = createYoga({
    schema: byHandSchema(),
    logging: false,
    context: () => ({ store, loaders: loadersOf(store) }),
  })
  const server = createServer(yoga)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`, close: () => server.close() }
}

const queries = (id: string): Readonly<Record<string, object>> => ({
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

async function answer(url: string, body: string): Promise<string> {
  return (await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body })).text()
}

async function compare(name: string, baseline: string, ours: string, body: string): Promise<Row[]> {
  const [expected, got] = [await answer(baseline, body), await answer(ours, body)]
  if (expected !== got) throw new Error(`${name}: the two servers answer differently:\n${expected}\n${got}`)
  const rows: Row[] = []
  for (const connections of [1, 50]) {
    const run = (url: string, requests: number) => load({ url, body, connections, requests })
    const { perSecond } = await run(baseline, Math.max(20, 2 * connections))
    // About a second a run, and two answers on each connection at least
    const requests = Math.max(2 * connections, Math.round(perSecond))
    await run(ours, requests)
    const measured = { baseline: [] as number[], ours: [] as number[], ratio: [] as number[], p99: [] as number[] }
    let before = await run(baseline, requests)
    for (let round = 0; round < rounds; round++) {
      // Each run of ours stands between two of the baseline's: the machine's drift falls on both
      const middle = await run(ours, requests)
      const after = await run(baseline, requests)
      const around = (before.perSecond + after.perSecond) / 2
      measured.baseline.push(around)
      measured.ours.push(middle.perSecond)
      measured.ratio.push(middle.perSecond / around)
      measured.p99.push(middle.p99 - (before.p99 + after.p99) / 2)
      before = after
    }
    const label = `${name}, ${connections} connection${connections > 1 ? 's' : ''} (p99 ${median(measured.p99).toFixed(1)} ms more)`
    const ratio = median(measured.ratio)
    rows.push({
      bench: 'routed-read',
      case: label,
      baseline: Math.round(median(measured.baseline)),
      ours: Math.round(median(measured.ours)),
      unit: 'requests/s',
      ratio,
    })
    say(`${label}: ${ratio.toFixed(2)}`)
  }
  return rows
}

/**
 * Routed reads at 0 % sampling against resolvers written by hand for the one store that answers. `only`: a text that
 * the cases to run contain.
 */
export async function routedRead(only: string): Promise<Row[]> {
  const dataDir = mkdtempSync(join(tmpdir(), 'crossfade-bench-'))
  process.env['CROSSFADE_DATA_DIR'] = dataDir
  const session = await openSession(undefined, say)
  const { config, stores } = session
  const rows: Row[] = []
  try {
    const demo = config.demo!
    for (const [collection, documents] of Object.entries(demo.generate(5))) {
      await loadSample(stores.mongo.connection, collection, documents, demo.indexes?.[collection])
    }
    await migrateAll(session)
    const options = moveOptions(session)
    const move = async (stage: Stage): Promise<void> => {
      for (const { name } of config.entities) await setStage(options, { type: name, stage, samplePercent: 0 })
    }
    const byHand = {
      mongo: await serveByHand(byHandMongo(stores.mongo)),
      postgres: await serveByHand(byHandPostgres(stores.postgres)),
    }
    const gateway = await startGateway({ config, stores, port: 0, dataDir, log: () => undefined })
    const id = String((await stores.mongo.connection.db.collection('movies').findOne({ year: 1960 }))!._id)
    for (const stage of ['off', 'shadow', 'live'] as const) {
      if (stage === 'shadow') {
        await move('dualwrite')
        for (const entity of config.entities) await backfill({ stores, entity })
        await settleConstraints(stores.postgres, config.entities)
      }
      if (stage !== 'off') await move(stage)
      await gateway.routing.flags.refresh()
      const baseline = stage === 'live' ? byHand.postgres : byHand.mongo
      for (const [name, query] of Object.entries(queries(id))) {
        const label = `${stage}: ${name}`
        if (!label.includes(only)) continue
        rows.push(...(await compare(label, baseline.url, gateway.url, JSON.stringify(query))))
      }
    }
    await gateway.close()
    byHand.mongo.close()
    byHand.postgres.close()
  } finally {
    await session.close()
    rmSync(dataDir, { recursive: true, force: true })
  }
  return rows
}
