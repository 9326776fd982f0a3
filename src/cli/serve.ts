import { Command } from 'commander'
import { Metrics } from '../admin/metrics.ts'
import { times } from '../control/times.ts'
import type { Settings } from '../gateway/settings.ts'
import { startGateway } from '../gateway/start-gateway.ts'
import { Webhook } from '../gateway/webhook.ts'
import type { Routing } from '../routing/routing.ts'
import { CrossfadeError, messageOf } from '../util/errors.ts'
import { createLogs } from './log.ts'
import { openAdmin } from './open-admin.ts'
import { openSession } from './session.ts'
import { untilSignal } from './signals.ts'

/** @throws MISCONFIGURED where only one of the two settings is there. */
function webhookOf({ NOTIFY_URL: url, NOTIFY_SECRET: secret }: Settings, log: Routing['log']): Webhook | undefined {
  if (url === undefined && secret === undefined) return undefined
  if (url && secret) return new Webhook({ url, secret, log })
  throw new CrossfadeError('MISCONFIGURED', 'NOTIFY_URL and NOTIFY_SECRET belong together: see docs/admin.md.')
}

/** The gateway. */
export function serveCommand(): Command {
  return new Command('serve')
    .description('the gateway, against MONGODB_URI and DATABASE_URL or the embedded stores of the data directory')
    .addHelpText('before', 'Example:\n  PORT=4000 crossfade serve\n')
    .option('--config <file>', 'default crossfade.config.ts')
    .action(async ({ config: file }: { config?: string }) => {
      const stopped = untilSignal()
      const { log, logRequest } = createLogs()
      // A resolver that begins several reads and throws leaves the others behind: one request must not end those of others
      process.on('unhandledRejection', (error) => {
        const stack = error instanceof Error ? error.stack : undefined
        log('warn', `A promise failed that nobody awaited: ${messageOf(error)}`, { stack })
      })
      // More than 1,024 events wait for a subscriber that does not read: it loses them, and nobody else anything
      process.on('uncaughtException', (error) => {
        if (error.name !== 'RepeaterOverflowError') throw error
        log('warn', `A subscriber is too slow for its events, and loses some: ${messageOf(error)}`)
      })
      const session = await openSession(file, (line) => log('info', line), { controlMs: times.controlCall })
      const metrics = new Metrics()
      try {
        const { PORT: port, HOST: host, CROSSFADE_DATA_DIR: dataDir } = session.settings
        const notices = webhookOf(session.settings, log)
        const gateway = await startGateway({
          config: session.config,
          stores: session.stores,
          port,
          host,
          dataDir,
          log,
          logRequest,
          meter: metrics,
          notices,
        })
        try {
          const { settings, config } = session
          const admin = await openAdmin({
            settings,
            config,
            configFile: file,
            routing: gateway.routing,
            metrics,
            notices,
          })
          await stopped
          await admin?.close()
        } finally {
          await gateway.close()
          await notices?.close()
        }
      } finally {
        await session.close()
      }
      process.exit() // a store that hangs must not keep the process: its connections are closed, or never will be
    })
}
