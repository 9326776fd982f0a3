import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { kill, killFileOf, readKilled } from '../control/kill-file.ts'
import { flagKeyNamed } from '../entity/type-of.ts'
import { readSettings } from '../gateway/settings.ts'
import { messageOf } from '../util/errors.ts'
import { printJson, say, warn } from './output.ts'
import { loadConfig } from './session.ts'

interface Options {
  readonly config?: string
  readonly json?: boolean
  readonly undo?: boolean
}

const dataDirectory = (): string => resolve(readSettings().CROSSFADE_DATA_DIR)

/** The switch must work whatever is broken: without a configuration the name is taken as it is. */
async function checkKilled(type: string, configFile: string | undefined): Promise<void> {
  const config = await loadConfig(configFile).catch((error: unknown) => {
    warn(`The name is not checked: ${messageOf(error)}`)
    return null
  })
  if (config) flagKeyNamed(config.entities, type)
}

const killedText = (dataDir: string, killed: readonly string[]): string =>
  `Killed: ${killed.join(', ')}. Gateways whose data directory is ${dataDir} see it within a second; \`crossfade stage kill --undo\` lets the flags rule again.`

const noGateway = (dataDir: string): string =>
  `There was no ${dataDir}, so that no gateway has it for its data directory: see CROSSFADE_DATA_DIR.`

/** While it is on, the flags are not what rules. */
export function tellKilled(): void {
  const dataDir = dataDirectory()
  const killed = readKilled(killFileOf(dataDir))
  if (killed.length > 0) warn(killedText(dataDir, killed))
}

/** The one command that asks neither store. */
export function addKill(stage: Command): void {
  stage
    .command('kill [type]')
    .description(
      'reads answer from the authority, nothing is compared, no reply waits for the mirror; needs neither store',
    )
    .addHelpText('before', 'Example:\n  crossfade stage kill Movie\n')
    .option('--undo', 'let the flags rule again')
    .option('--config <file>', 'default crossfade.config.ts')
    .option('--json', 'print as JSON')
    .action(async (type: string | undefined, { undo, config, json }: Options) => {
      if (type !== undefined && type !== 'all' && undo !== true) await checkKilled(type, config)
      const dataDir = dataDirectory()
      if (undo !== true && !existsSync(dataDir)) warn(noGateway(dataDir))
      const killed = kill(dataDir, type ?? 'all', undo !== true)
      if (json) printJson({ killed, file: killFileOf(dataDir) })
      else say(killed.length > 0 ? killedText(dataDir, killed) : `Nothing is killed any more in ${dataDir}.`)
    })
}
