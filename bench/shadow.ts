import { execFile } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { createMigration, init, LDConcurrentExecution, LDMigrationStage } from '@launchdarkly/node-server-sdk'
import { experimentAsync } from 'tzientist'
import { byHandMongo } from './by-hand-mongo.ts'
import { byHandPostgres } from './by-hand-postgres.ts'
import type { ByHand } from './by-hand-schema.ts'
import { queries, sameAnswer, say, serveByHand, withFixture } from './fixture.ts'
import { median } from './load.ts'
import type { Row } from './row.ts'

const rounds = 5
const slowerMs = 50

/** One client, and as many requests on sixteen connections as use the budget up. */
const loads = [
  { connections: 1, requests: 100 },
  { connections: 16, requests: 1_500 },
] as const

type Load = (typeof loads)[number]

interface Latency {
  readonly p50: number
  readonly p99: number
}

async function latency(url: string, body: string, { connections, requests }: Load): Promise<Latency> {
  const client = new URL('latency-client.ts', import.meta.url).pathname
  const args = [client, url, body, String(connections), String(requests)]
  const { stdout } = await promisify(execFile)(process.execPath, args)
  return JSON.parse(stdout) as Latency
}

/** Every method answers so much later. */
function slowed<T extends object>(target: T): T {
  return new Proxy(target, {
    get:
      (object, name) =>
      async (...args: unknown[]) => {
        await sleep(slowerMs)
        return (object[name as keyof T] as (...args: unknown[]) => unknown)(...args)
      },
  })
}

type Method = (...args: never[]) => Promise<unknown>

/** One side of a comparison by hand: each method of the store is one experiment. */
function experiments(control: ByHand, candidate: ByHand, of: (control: Method, candidate: Method) => Method): ByHand {
  const names = ['movie', 'movies', 'comments', 'users'] as const
  return Object.fromEntries(names.map((name) => [name, of(control[name], candidate[name])])) as unknown as ByHand
}

const withTzientist = (control: Method, candidate: Method): Method =>
  experimentAsync({ name: 'bench', control, candidate, options: { inParallel: true, publish: () => undefined } })

/** LaunchDarkly's migration in its stage shadow, which answers from the old store and reads the new one as well. */
async function launchDarkly(): Promise<{ wrap: (control: Method, candidate: Method) => Method; close: () => void }> {
  const logger = { error: say, warn: () => undefined, info: () => undefined, debug: () => undefined }
  const client = init('offline', { offline: true, logger })
  await client.waitForInitialization({ timeout: 5 })
  const run = (method: Method) => async (args: readonly never[]) => ({
    success: true as const,
    result: await method(...args),
  })
  const wrap = (control: Method, candidate: Method): Method => {
    const none = async () => ({ success: true as const, result: undefined })
    const migration = createMigration<unknown, unknown, readonly never[], never>(client, {
      execution: new LDConcurrentExecution(),
      readOld: (args) => run(control)(args!),
      readNew: (args) => run(candidate)(args!),
      writeOld: none,
      writeNew: none,
      check: () => true,
    })
    return async (...args) => {
      const read = await migration.read('bench', { key: 'bench' }, LDMigrationStage.Shadow, args)
      if (!read.success) throw read.error
      return read.result
    }
  }
  return { wrap, close: () => client.close() }
}

interface Side {
  readonly name: string
  readonly alone: string
  readonly compared: string
  /** Called before each run. */
  readonly prepare?: (compared: boolean) => Promise<void>
}

async function measure(label: string, { name, alone, compared, prepare }: Side, body: string, load: Load) {
  await sameAnswer(name, alone, compared, body)
  const ratios: Record<keyof Latency, number[]> = { p50: [], p99: [] }
  const ours: Record<keyof Latency, number[]> = { p50: [], p99: [] }
  const baseline: Record<keyof Latency, number[]> = { p50: [], p99: [] }
  const run = async (isCompared: boolean): Promise<Latency> => {
    await prepare?.(isCompared)
    return latency(isCompared ? compared : alone, body, load)
  }
  await run(true)
  let before = await run(false)
  for (let round = 0; round < rounds; round++) {
    const middle = await run(true)
    const after = await run(false)
    for (const at of ['p50', 'p99'] as const) {
      const around = (before[at] + after[at]) / 2
      ratios[at].push(middle[at] / around)
      ours[at].push(middle[at])
      baseline[at].push(around)
    }
    before = after
  }
  return (['p50', 'p99'] as const).map((at): Row => {
    const shown = (values: readonly number[]): number => Math.round(median(values) * 10) / 10
    const [control, with_] = [shown(baseline[at]), shown(ours[at])]
    const ratio = median(ratios[at])
    say(`${label}: ${name}, ${at}: ${ratio.toFixed(2)}`)
    return { bench: 'shadow', case: `${label}: ${name}, ${at}`, baseline: control, ours: with_, unit: 'ms', ratio }
  })
}

/**
 * What comparing every read costs the reader, where the other store is 50 milliseconds slower: times with it against
 * those of the control alone, lower is better. `tzientist` and LaunchDarkly's migrations wait for both stores.
 */
export function shadow(only: string): Promise<Row[]> {
  return withFixture(async (fixture) => {
    const { stores, plainMongo, movieId, copy, move, startGateway } = fixture
    await copy()
    await move('shadow')
    const [control, candidate] = [byHandMongo(plainMongo), slowed(byHandPostgres(stores.postgres))]
    const ld = await launchDarkly()
    const [byHand, tzientist, migration] = await Promise.all([
      serveByHand(control),
      serveByHand(experiments(control, candidate, withTzientist)),
      serveByHand(experiments(control, candidate, ld.wrap)),
    ])
    const { postgres } = stores
    const slow = { ...postgres.candidate, reader: slowed(postgres.candidate.reader) }
    const gateway = await startGateway({ ...stores, postgres: { ...postgres, candidate: slow } })
    const { shadow, flags } = gateway.routing
    const prepare = async (compared: boolean): Promise<void> => {
      await shadow.idle() // what a run leaves behind must not weigh on the next
      await move('shadow', compared ? 100 : 0)
      await flags.refresh()
    }
    const sides: readonly Side[] = [
      { name: 'crossfade', alone: gateway.url, compared: gateway.url, prepare },
      { name: 'tzientist', alone: byHand.url, compared: tzientist.url },
      { name: 'LaunchDarkly', alone: byHand.url, compared: migration.url },
    ]
    const rows: Row[] = []
    for (const [name, query] of Object.entries(queries(movieId))) {
      for (const load of loads) {
        const label = `${name}, ${load.connections} connection${load.connections > 1 ? 's' : ''}`
        if (!label.includes(only)) continue
        for (const side of sides) rows.push(...(await measure(label, side, JSON.stringify(query), load)))
      }
    }
    const { sampled, shed } = shadow.statistics.of('Movie')
    say(`Of ${sampled} reads of movies ${shed} were not compared, since the budget was used up.`)
    shadow.stop()
    await gateway.close()
    ld.close()
    for (const server of [byHand, tzientist, migration]) server.close()
    return rows
  })
}
