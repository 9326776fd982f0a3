import { rmSync } from 'node:fs'
import type { Entity } from '../../src/entity/entity.ts'
import { limitsOf } from '../../src/gateway/limits.ts'
import type { Instance } from '../../src/gateway/open-instance.ts'
import { openInstance } from '../../src/gateway/open-instance.ts'
import { modelStores, type Servers } from './model-stores.ts'
import type { Network } from './network.ts'
import { mutate, type Operation } from './operations.ts'
import type { Place, World } from './world.ts'

/** Everything that one history goes on in. */
export interface Setting {
  readonly world: World
  readonly network: Network
  readonly servers: Servers
  readonly dataDir: string
  readonly operations: Operation[]
  /** The types that are written: a document alone, or with its twin. */
  readonly entities: readonly Entity[]
  /** Of the records that are written. */
  readonly ids: readonly string[]
  /** Some writes have a condition, or are decided by code. */
  readonly hasRules: boolean
  /** What must never be seen, as it was seen. */
  readonly broken: string[]
  /** Clients go on. */
  isOpen: boolean
  readonly log: (line: string) => void
}

/** One gateway, with clients of its own. */
export interface Gateway {
  readonly place: Place
  /** Null until it has started. */
  instance: Instance | null
}

const clients = 3

/** Runs something in a place; what it throws is a fault of ours. */
export function begin({ world, broken }: Setting, place: Place, work: () => Promise<void>): void {
  world.inPlace(place, () => {
    work().catch((error: unknown) => {
      const text =
        error instanceof Error ? `${error.stack} ${error.cause instanceof Error ? error.cause.stack : ''}` : ''
      broken.push(`${place.name}: ${text}`)
    })
  })
}

async function client(setting: Setting, instance: Instance): Promise<void> {
  const { world } = setting
  while (setting.isOpen) {
    await new Promise((done) => setTimeout(done, world.random.below(300)))
    if (setting.isOpen) await mutate(setting, instance.routing)
  }
}

/** Starts a gateway in a place of its own; one of the same name finds what an earlier one kept in its directory. */
export function startGateway(setting: Setting, name: string): Gateway {
  const { world, network, servers, dataDir, entities, log } = setting
  const { random } = world
  const place = world.place(name, 1 + (random.next() - 0.5) / 50, (random.next() - 0.5) * 600_000)
  const gateway: Gateway = { place, instance: null }
  begin(setting, place, async () => {
    gateway.instance = await openInstance({
      captures: false, // the model's MongoDB has no change streams
      entities,
      stores: modelStores(network, servers),
      dataDir: `${dataDir}/${name}`,
      limits: limitsOf({}),
      log: (_, line) => log(`${name}: ${line}`),
      killSwitch: { isOn: () => false, stop: async () => undefined, learn: () => undefined, namesByStores: () => [] },
      id: `${name} ${world.now}`,
    })
    for (let n = 0; n < clients; n++) begin(setting, place, () => client(setting, gateway.instance!))
  })
  return gateway
}

export const forget = ({ dataDir }: Setting): void => rmSync(dataDir, { recursive: true, force: true })
