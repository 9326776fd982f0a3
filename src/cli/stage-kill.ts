import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { killFileOf, readKilled } from '../control/kill-file.ts'
import {
  type Killing,
  keepNewest,
  killByStores,
  killedAmong,
  killedKind,
  namesKilled,
} from '../control/killed-by-stores.ts'
import { storeAddresses } from '../embedded/start-stores.ts'
import { flagKeyNamed } from '../entity/type-of.ts'
import { readSettings } from '../gateway/settings.ts'
import type { Stores } from '../routing/routing.ts'
import { askEither } from '../stores/ask-either.ts'
import { adopt } from '../stores/mongo/codec/adopt.ts'
import { mongoStore } from '../stores/mongo/mongo-store.ts'
import { postgresStore } from '../stores/postgres/postgres-store.ts'
import type { Store } from '../stores/store.ts'
import { messageOf } from '../util/errors.ts'
import { killHere } from './kill-here.ts'
import { printJson, say, warn } from './output.ts'
import { loadConfig } from './session.ts'
import { tellPeers } from './tell-peers.ts'
import { whoRuns } from './who-runs.ts'

interface Options {
  readonly config?: string
  readonly here?: boolean
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

/** While it is on, the flags are not what rules. @returns the names that are killed, here or everywhere. */
export async function tellKilled(stores: Stores): Promise<readonly string[]> {
  const dataDir = dataDirectory()
  const killed = readKilled(killFileOf(dataDir))
  if (killed.length > 0) warn(killedText(dataDir, killed))
  const said = new Map<string, Killing>()
  const { answers } = await askEither(stores, ({ ledger }: Store) => ledger.list(killedKind))
  for (const entries of answers) keepNewest(said, killedAmong(entries))
  for (const name of namesKilled(said)) {
    const { by, at } = said.get(name)!
    const when = new Date(at).toISOString()
    warn(`Killed at all gateways: ${name}, by ${by}, ${when}; \`crossfade stage kill ${name} --undo\` ends it.`)
  }
  return [...new Set([...killed, ...namesKilled(said)])]
}

/** Stores as far as they have addresses here; none is started for it. */
function addressed(dataDir: string): Partial<Stores> {
  const { MONGODB_URI, DATABASE_URL } = readSettings()
  const embedded = storeAddresses(dataDir)
  const [mongo, postgres] = [MONGODB_URI ?? embedded.mongo, DATABASE_URL ?? embedded.postgres]
  return {
    ...(mongo === undefined ? {} : { mongo: mongoStore({ uri: mongo }) }),
    ...(postgres === undefined ? {} : { postgres: postgresStore({ uri: postgres, adopt }) }),
  }
}

/** The gateways of other machines that see a store. @returns those that were told. */
async function tellStores(dataDir: string, type: string, on: boolean): Promise<readonly string[]> {
  const { mongo, postgres } = addressed(dataDir)
  const ledgers = { ...(mongo && { mongo: mongo.ledger }), ...(postgres && { postgres: postgres.ledger }) }
  const asked = Object.keys(ledgers)
  const { untold } = await killByStores(ledgers, type, on, whoRuns())
  const told = asked.filter((origin) => !untold.some((each) => each === origin))
  if (told.length > 0)
    say(`Gateways elsewhere that see ${told.join(' or ')} know within two seconds as well; \`--here\` leaves them out.`)
  if (untold.length > 0) warn(`${untold.join(' and ')} could not be told.`)
  return told
}

/** Those that `ADMIN_PEERS` names, whatever they see. @returns those that were told. */
async function tellEachPeer(type: string, on: boolean): Promise<readonly string[]> {
  const { told, untold } = await tellPeers(type, on)
  if (told.length > 0) say(`Told: ${told.join(', ')}.`)
  for (const [peer, why] of untold) warn(`${peer} could not be told: ${why}`)
  return told
}

/** The command that works without either store. */
export function addKill(stage: Command): void {
  stage
    .command('kill [type]')
    .description(
      'reads answer from the authority, nothing is compared, no reply waits for the mirror; works without either store',
    )
    .addHelpText('before', 'Example:\n  crossfade stage kill Movie\n')
    .option('--undo', 'let the flags rule again')
    .option('--here', 'at the gateways of this data directory alone')
    .option('--config <file>', 'default crossfade.config.ts')
    .option('--json', 'print as JSON')
    .action(async (type: string | undefined, { undo, here, config, json }: Options) => {
      const [name, on] = [type ?? 'all', undo !== true]
      if (name !== 'all' && on) await checkKilled(name, config)
      const dataDir = dataDirectory()
      if (on && !existsSync(dataDir)) warn(noGateway(dataDir))
      const { killed, fault } = killHere(dataDir, name, on)
      if (fault !== null) {
        warn(`${killFileOf(dataDir)} could not be written: ${fault}`)
        process.exitCode = 1
      }
      if (!json && killed)
        say(killed.length > 0 ? killedText(dataDir, killed) : `Nothing is killed any more in ${dataDir}.`)
      const [stores, peers] = here
        ? [[], []]
        : await Promise.all([tellStores(dataDir, name, on), tellEachPeer(name, on)])
      if (json) printJson({ killed, file: killFileOf(dataDir), stores, peers })
      process.exit(process.exitCode) // a store that hangs is not waited for
    })
}
