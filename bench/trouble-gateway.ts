import config from '../crossfade.config.ts'
import { times } from '../src/control/times.ts'
import { startGateway } from '../src/gateway/start-gateway.ts'
import { adopt } from '../src/stores/mongo/codec/adopt.ts'
import { mongoStore } from '../src/stores/mongo/mongo-store.ts'
import { postgresStore } from '../src/stores/postgres/postgres-store.ts'

/** What the process tells whoever has forked it. */
export type Told = { readonly url: string } | { readonly isKilled: boolean }

/** A gateway that tells its address, and when the kill switch turns. It ends with whoever has started it. */
const [mongoUri, databaseUrl, dataDir] = process.argv.slice(2) as [string, string, string]
const tell = (told: Told): void => void process.send?.(told)
const stores = {
  mongo: mongoStore({ uri: mongoUri }, undefined, times.controlCall),
  postgres: postgresStore({ uri: databaseUrl, adopt }, undefined, times.controlCall),
}
const { url, routing } = await startGateway({ config, stores, port: 0, dataDir, log: () => undefined })
tell({ url })
let isKilled = false
setInterval(() => {
  const now = routing.killSwitch.isOn('Movie')
  if (now !== isKilled) tell({ isKilled: now })
  isKilled = now
}, 5)
process.on('disconnect', () => process.exit())
