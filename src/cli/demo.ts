import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { Command } from 'commander'
import { Metrics } from '../admin/metrics.ts'
import { sampleDocuments } from '../demo/sample.ts'
import { readSettings } from '../gateway/settings.ts'
import { checkPort, type RunningGateway, startGateway } from '../gateway/start-gateway.ts'
import type { Mismatch } from '../stores/findings.ts'
import { CrossfadeError } from '../util/errors.ts'
import { origins } from '../util/origin.ts'
import { loadData } from './demo/data.ts'
import { forgetDrift, seedDrift } from './demo/drift.ts'
import { send } from './demo/send.ts'
import { moveToShadow } from './demo/stages.ts'
import { furtherLines, type Summary, summarise, summaryLines } from './demo/summary.ts'
import { createLogs } from './log.ts'
import { migrateAll } from './migrate.ts'
import { openAdmin } from './open-admin.ts'
import { printJson, say } from './output.ts'
import { loadConfig, openSession, type Session } from './session.ts'
import { untilSignal } from './signals.ts'

interface Options {
  readonly config?: string
  readonly data?: string
  readonly drift: number
  readonly seed: number
  readonly once?: boolean
}

const samplesPerType = 40

/** Everything that is owed is mirrored, and every comparison has its verdict. */
async function idle({ config, stores }: Session, { routing }: RunningGateway): Promise<void> {
  await routing.shadow.idle()
  const deadline = Date.now() + 30_000
  for (const entity of config.entities) {
    while (Date.now() < deadline) {
      await routing.mirror.flush()
      const backlogs = await Promise.all([stores.mongo.outbox.backlog(entity), stores.postgres.outbox.backlog(entity)])
      if (backlogs.every(({ count }) => count === 0)) break
      await sleep(100)
    }
  }
}

/** How often records are read that no comparison has told of. */
const readRounds = 4

/** Both stores, as far as looks at them tell; a stand-in may be busy with what clients have given up. */
async function answering({ routing: { flags } }: RunningGateway): Promise<void> {
  for (const until = Date.now() + 30_000; origins.some((origin) => flags.isDown(origin)) && Date.now() < until; )
    await sleep(200)
}

async function run(
  session: Session,
  gateway: RunningGateway,
  reported: Mismatch[],
  options: Options,
  began: number,
): Promise<Summary> {
  const { config, stores } = session
  const demo = config.demo!
  const samples = await Promise.all(
    config.entities.map(
      async (entity) => [entity.name, await sampleDocuments(stores.mongo.connection, entity, samplesPerType)] as const,
    ),
  )
  const traffic = demo.traffic(Object.fromEntries(samples))
  say(`Sending ${traffic.length} operations, as clients do …`)
  await send(gateway.url, traffic)
  await idle(session, gateway)
  say(reported.length === 0 ? 'Both stores agree.' : `Shadow reads reported ${reported.length} differences already.`)

  const drifted = await seedDrift(session, demo, options.drift, options.seed)
  say(`Changed ${drifted.length} records in PostgreSQL alone. Reading them through the API …`)
  // While a store is late the other one answers, and nothing is compared
  for (let round = 0, left = drifted; left.length > 0 && round < readRounds; round++) {
    await answering(gateway)
    await send(
      gateway.url,
      left.map(({ type, id }) => demo.read[type]!(String(id))),
    )
    await idle(session, gateway)
    const found = new Set(reported.map(({ type, id }) => `${type}/${id}`))
    left = drifted.filter(({ type, id }) => !found.has(`${type}/${id}`))
  }
  return summarise(session, gateway, drifted, reported, began)
}

function tell(summary: Summary, url: string, console: string | null, config: string | undefined): void {
  for (const line of summaryLines(summary)) say(line)
  say('')
  for (const line of furtherLines(summary, config)) say(line)
  if (console !== null) say(`The console: ${console}`)
  say(`The API answers at ${url} until Ctrl-C.`)
}

/** The console of a demo that goes on, and a link that lets its reader in; null where its port is taken. */
async function openConsole(opened: Parameters<typeof openAdmin>[0]) {
  const secret = randomBytes(32).toString('base64url')
  const admin = await openAdmin({ ...opened, guest: { name: 'demo', role: 'operator', secret } })
  return admin && { url: `${admin.url}/#token=${secret}`, close: () => admin.close() }
}

async function demo(options: Options): Promise<void> {
  const began = performance.now()
  const stopped = options.once ? null : untilSignal()
  // Before stores are started, which takes a while
  const { demo: app } = await loadConfig(options.config)
  if (!app) {
    const remedy = '`demo` in crossfade.config.ts says what to send and what to change.'
    throw new CrossfadeError('MISCONFIGURED', `There is nothing to show: ${remedy}`)
  }
  if (!options.once) await checkPort({ port: readSettings().PORT })
  const session = await openSession(options.config, say, { inProduction: true })
  try {
    const { config, stores, settings } = session
    await loadData(session, app, options.data, options.seed)
    await migrateAll(session)
    await forgetDrift(session)
    await stores.postgres.findings.clear()
    await moveToShadow(session, !options.once)
    const reported: Mismatch[] = []
    const metrics = new Metrics()
    const gateway = await startGateway({
      config,
      stores,
      port: options.once ? 0 : settings.PORT,
      dataDir: settings.CROSSFADE_DATA_DIR,
      ...createLogs(process.env['LOG_LEVEL'] ?? 'silent'),
      onMismatch: (mismatch) => reported.push(mismatch),
      meter: metrics,
    })
    try {
      const summary = await run(session, gateway, reported, options, began)
      if (options.once) return printJson(summary)
      const console = await openConsole({
        settings,
        config,
        configFile: options.config,
        routing: gateway.routing,
        metrics,
      })
      tell(summary, gateway.url, console?.url ?? null, options.config)
      await stopped
      await console?.close()
    } finally {
      await gateway.close()
    }
  } finally {
    await session.close()
  }
}

function wholeNumber(text: string): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 0)
    throw new CrossfadeError('BAD_USER_INPUT', `${text} is not a whole number.`)
  return value
}

/** Everything at once, on embedded stores. */
export function demoCommand(): Command {
  return new Command('demo')
    .description('embedded stores, sample data, the gateway and traffic; ends with what shadow reads found')
    .addHelpText('before', 'Example:\n  crossfade demo --data ./export --drift 25\n')
    .option('--data <dir>', 'a folder of mongoexport files, one a collection; default: generated data')
    .option('--drift <n>', 'records to change in PostgreSQL alone', wholeNumber, 10)
    .option('--seed <n>', 'chooses the generated data and the changed records', wholeNumber, 1)
    .option('--once', 'print one JSON summary and exit')
    .option('--config <file>', 'default crossfade.config.ts')
    .action(demo)
}
