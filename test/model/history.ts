import { ledgersOf } from '../../src/control/flag-store.ts'
import { prepareFlags } from '../../src/control/prepare-flags.ts'
import type { Entity } from '../../src/entity/entity.ts'
import { flagMembers } from '../../src/entity/flag-key.ts'
import { STAGE_PLAN } from '../../src/stage/stage.ts'
import { Doc, GroupedDoc, Twin } from './doc.ts'
import { strike } from './faults.ts'
import { heal } from './heal.ts'
import { begin, type Gateway, type Setting, startGateway } from './instances.ts'
import { type Judged, judge } from './judge.ts'
import { modelStores, type Servers } from './model-stores.ts'
import { collectionOf } from './mongo-server.ts'
import { command, ways } from './movers.ts'
import { Network } from './network.ts'
import { ids } from './operations.ts'
import type { Plan } from './plan.ts'
import { emptyState } from './postgres-server.ts'
import { randomOf } from './random.ts'
import { disk, installVirtualDisk } from './virtual-disk.ts'
import { installVirtualTime } from './virtual-time.ts'
import { type Place, World } from './world.ts'

installVirtualTime()
installVirtualDisk()

/** A loop without an end is a fault like any other. */
const mostMessages = 200_000

function serversIn(world: World): Servers {
  const kept = { down: false, deposed: new Map() }
  const mongo = { name: 'mongo', place: world.place('mongo', 1.002, 200_000), state: new Map(), ...kept }
  const postgres = { name: 'postgres', place: world.place('postgres', 0.998, -100_000), state: emptyState(), ...kept }
  collectionOf(mongo.state, 'docs').unique.push('tag')
  return { mongo, postgres: { ...postgres, deposed: new Map() } }
}

/** A world with both stores and the flags of the types, in stage off. */
export async function openWorld(
  seed: number,
  among: readonly string[],
  tell: (line: string) => void = () => undefined,
  entities: readonly Entity[] = [Doc],
  hasRules = false,
): Promise<Setting> {
  const world = new World(randomOf(seed))
  const network = new Network(world)
  network.most = mostMessages
  const servers = serversIn(world)
  const setting: Setting = {
    world,
    network,
    servers,
    dataDir: `${disk}/${seed}`,
    operations: [],
    entities,
    ids: among,
    hasRules,
    broken: [],
    isOpen: true,
    log: (line) => tell(`${(world.now / 1_000).toFixed(3)} ${line}`),
  }
  let isReady = false
  begin(setting, world.place('setup'), async () => {
    const members = flagMembers(entities)
    await prepareFlags(ledgersOf(modelStores(network, servers)), [...members.keys()], members)
    isReady = true
  })
  await world.run(10_000, () => isReady)
  return setting
}

/** Commands and faults, again and again, as long as clients go on. @returns how many commands there were, when asked. */
function goOn(setting: Setting, plan: Plan, gateways: (Gateway | null)[], commands: Place[]): () => number {
  const { world } = setting
  const { random } = world
  let count = 0
  const again = (everyMs: number, work: () => void): void =>
    void world.schedule(world.now + random.next() * 2 * everyMs, () => {
      if (!setting.isOpen) return
      work()
      again(everyMs, work)
    })
  const restart = (index: number): void => {
    gateways[index] ??= startGateway(setting, `gateway-${index}`)
  }
  again(plan.moveEveryMs, () => {
    if (commands.filter((place) => !place.dead).length >= 2) return
    commands.push(command(setting, `command-${++count}`, (run) => ways[plan.way](setting, run)))
  })
  if (plan.faults.length > 0)
    again(plan.faultEveryMs, () => strike(setting, random.pick(plan.faults), { gateways, commands, restart }))
  return () => count
}

/** Whether everything that a gateway writes now is owed to a mirror: none of it began before its type had one. */
function owesAll({ entities }: Setting, gateway: Gateway | null): boolean {
  if (!gateway?.instance) return true
  const { flags, permits } = gateway.instance.routing
  const { name } = entities[0]!
  if (!flags.has(name)) return true // it writes nothing
  const { type, stage, revision } = flags.get(name)
  return STAGE_PLAN[stage].mirror !== null && permits.acknowledged(type) === revision
}

/** Plays one history, lets everything heal, and judges what is left. */
export async function play(plan: Plan, tell?: (line: string) => void): Promise<Judged> {
  const types = plan.isGrouped ? [GroupedDoc, Twin] : [Doc]
  const setting = await openWorld(plan.seed, ids.slice(0, plan.ids), tell, types, plan.hasRules)
  const { world, network } = setting
  network.usualMs = ({ name }) => (name.startsWith('gateway') ? plan.latencyMs : plan.commandLatencyMs)
  const gateways: (Gateway | null)[] = Array.from({ length: plan.gateways }, (_, n) =>
    startGateway(setting, `gateway-${n}`),
  )
  network.mayBeLate = () => gateways.every((gateway) => owesAll(setting, gateway))
  const commands: Place[] = []
  const moves = goOn(setting, plan, gateways, commands)
  await world.run(plan.lastsMs)
  setting.isOpen = false
  await heal(setting, gateways, commands)
  const judged = await judge(setting, moves())
  if (plan.faults.length > 0 || judged.conflicts === 0) return judged
  return { ...judged, broken: [...judged.broken, `${judged.conflicts} conflicts, and nothing had failed`] }
}
