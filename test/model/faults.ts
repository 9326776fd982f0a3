import type { Gateway, Setting } from './instances.ts'
import { copyState as copyMongo } from './mongo-server.ts'
import type { Way } from './network.ts'
import type { Place } from './world.ts'

/** What a history may meet. */
export type FaultKind = 'crash' | 'pause' | 'stop' | 'outage' | 'network' | 'late' | 'deposed'

/** Who can be hit. */
export interface Targets {
  readonly gateways: (Gateway | null)[]
  readonly commands: Place[]
  /** Begins a gateway again in the place of one that died. */
  readonly restart: (index: number) => void
}

const seconds = (setting: Setting, most: number): number => setting.world.random.next() ** 2 * most * 1_000

function pause({ world }: Setting, place: Place, ms: number): void {
  if (place.paused || place.dead) return
  place.paused = []
  world.schedule(world.now + ms, () => world.resume(place))
}

function crash(setting: Setting, { gateways, commands, restart }: Targets): void {
  const { world } = setting
  const running = commands.filter((place) => !place.dead)
  if (running.length > 0 && world.random.chance(0.5)) {
    world.random.pick(running).dead = true
    return
  }
  const index = world.random.below(gateways.length)
  const gateway = gateways[index]
  if (!gateway) return
  gateway.place.dead = true
  gateways[index] = null
  world.schedule(world.now + seconds(setting, 40), () => restart(index))
}

const ways = (setting: Setting): Partial<Way> => {
  const { random } = setting.world
  return {
    latencyMs: random.pick([2, 50, 800, 3_000]),
    loseRequest: random.pick([0, 0, 0.1, 1]),
    loseAnswer: random.pick([0, 0, 0.1, 1]),
    late: random.pick([0, 0, 0.05]),
    double: random.pick([0, 0.2]),
  }
}

/** One fault, and its end some time later. */
export function strike(setting: Setting, kind: FaultKind, targets: Targets): void {
  const { world, network, servers, log } = setting
  const { random } = world
  const server = random.pick([servers.mongo, servers.postgres])
  const places = [...targets.gateways.flatMap((gateway) => gateway?.place ?? []), ...targets.commands].filter(
    (place) => !place.dead,
  )
  if (places.length === 0) return
  const place = random.pick(places)
  const ms = seconds(setting, kind === 'stop' || kind === 'outage' ? 15 : 40)
  log(`fault: ${kind} ${kind === 'stop' || kind === 'outage' ? server.name : place.name} for ${Math.round(ms)} ms`)
  const end = (work: () => void): void => void world.schedule(world.now + ms, work)
  if (kind === 'crash') crash(setting, targets)
  else if (kind === 'pause') pause(setting, place, ms)
  else if (kind === 'stop') pause(setting, server.place, ms)
  else if (kind === 'outage') {
    server.down = true
    end(() => {
      server.down = false
    })
  } else if (kind === 'network') {
    network.setWay(place, server, ways(setting))
    end(() => network.setWay(place, server, null))
  } else if (kind === 'late') {
    network.setWay(place, server, { lateWrite: 0.2 })
    end(() => network.setWay(place, server, null))
  } else {
    servers.mongo.deposed.set(place.name, copyMongo(servers.mongo.state))
    end(() => servers.mongo.deposed.delete(place.name))
  }
}
