import { Command } from 'commander'
import { times } from '../control/times.ts'
import { startGateway } from '../gateway/start-gateway.ts'
import { createLog } from './log.ts'
import { say } from './output.ts'
import { openSession } from './session.ts'
import { untilSignal } from './signals.ts'

/** The gateway. */
export function serveCommand(): Command {
  return new Command('serve')
    .description('the gateway, against MONGODB_URI and DATABASE_URL or the embedded stores of the data directory')
    .addHelpText('before', 'Example:\n  PORT=4000 crossfade serve\n')
    .option('--config <file>', 'default crossfade.config.ts')
    .action(async ({ config }: { config?: string }) => {
      const stopped = untilSignal()
      const session = await openSession(config, say, { controlMs: times.controlCall })
      try {
        const { PORT: port, HOST: host, CROSSFADE_DATA_DIR: dataDir } = session.settings
        const gateway = await startGateway({
          config: session.config,
          stores: session.stores,
          port,
          host,
          dataDir,
          log: createLog(),
        })
        await stopped
        await gateway.close()
      } finally {
        await session.close()
      }
      process.exit() // a store that hangs must not keep the process: its connections are closed, or never will be
    })
}
