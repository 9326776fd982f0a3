import { Command } from 'commander'
import { startStores, stopStores, storeAddresses, storesStatus } from '../embedded/start-stores.ts'
import { readSettings } from '../gateway/settings.ts'
import { printJson, say } from './output.ts'

const example = (text: string): string => `Example:\n  ${text}\n`

/** The embedded stores of the data directory, on their own. */
export function storesCommand(): Command {
  const stores = new Command('stores').description('start, stop and look at the embedded stores of the data directory')
  stores
    .command('start')
    .addHelpText('before', example('crossfade stores start'))
    .description('start both and leave them running')
    .option('--json', 'print what runs as JSON')
    .action(async ({ json }: { json?: boolean }) => {
      const { CROSSFADE_DATA_DIR: dataDir } = readSettings()
      await startStores({ dataDir, log: say, keep: true })
      if (json) printJson(storesStatus(dataDir))
    })
  stores
    .command('stop')
    .addHelpText('before', example('crossfade stores stop'))
    .description('stop both')
    .option('--json', 'print what was stopped as JSON')
    .action(async ({ json }: { json?: boolean }) => {
      const stopped = await stopStores(readSettings().CROSSFADE_DATA_DIR)
      if (json) printJson(stopped)
      else say(stopped.length > 0 ? `Stopped ${stopped.join(' and ')}.` : 'None was running.')
    })
  stores
    .command('status')
    .addHelpText('before', example('crossfade stores status --json'))
    .description('which run, and where')
    .option('--uri', 'print their addresses, with the password, for other programs')
    .option('--json', 'print as JSON')
    .action(({ json, uri }: { json?: boolean; uri?: boolean }) => {
      const { CROSSFADE_DATA_DIR: dataDir } = readSettings()
      if (uri) {
        const addresses = storeAddresses(dataDir)
        if (json) return printJson(addresses)
        for (const address of Object.values(addresses)) process.stdout.write(`${address}\n`)
        return
      }
      const running = storesStatus(dataDir)
      if (json) return printJson(running)
      for (const { part, port, pid } of running) process.stdout.write(`${part} 127.0.0.1:${port} pid ${pid}\n`)
      if (running.length === 0) say('None is running.')
    })
  return stores
}
