import { setTimeout as sleep } from 'node:timers/promises'
import { begin, type Gateway, type Setting, startGateway } from './instances.ts'
import { command } from './movers.ts'
import { flagOf, isMirrored, owedIn, unseenIn } from './truth.ts'
import type { Place } from './world.ts'

/** What is left to be done is done in so long, in milliseconds. */
const patienceMs = 300_000

/** Late messages arrive, servers and gateways are back, and every way is good. */
async function mend(setting: Setting, gateways: (Gateway | null)[], commands: readonly Place[]): Promise<void> {
  const { world, network, servers } = setting
  while (network.lateAt > world.now) await world.run(network.lateAt)
  network.mend()
  for (const server of [servers.mongo, servers.postgres]) {
    server.down = false
    server.deposed.clear()
    world.resume(server.place)
  }
  for (const place of commands) world.resume(place)
  for (const [index, gateway] of gateways.entries()) {
    if (gateway) world.resume(gateway.place)
    else gateways[index] = startGateway(setting, `gateway-${index}`)
  }
}

/** An operator runs a command again until it says that it is done. */
async function finish(setting: Setting): Promise<void> {
  for (let isOver = false; !isOver; ) {
    const place = command(setting, 'finish', async (run) => {
      await run.set((await run.stage())!, 0)
      isOver = true
    })
    while (!place.dead) await sleep(500)
  }
}

/** Lets everything come to rest. What does not is a promise that is broken. */
export async function heal(setting: Setting, gateways: (Gateway | null)[], commands: readonly Place[]): Promise<void> {
  const { world, servers, broken } = setting
  setting.log('everything heals')
  await mend(setting, gateways, commands)
  // A move that was cut off is ended by a gateway, whether or not an operator is there
  const isQuiet = (): boolean => commands.every((place) => place.dead) && flagOf(servers).state === 'steady'
  if (!(await world.run(world.now + patienceMs, isQuiet))) broken.push('a move was cut off, and nobody ended it')
  let isFinished = false
  begin(setting, world.place('operator'), async () => {
    await finish(setting)
    isFinished = true
  })
  if (!(await world.run(world.now + patienceMs, () => isFinished))) broken.push('a move could not be finished')
  const isAnswered = (): boolean => setting.operations.every(({ end, place }) => end !== null || place.dead)
  if (!(await world.run(world.now + patienceMs, isAnswered))) broken.push('a write was never answered')
  const isSettled = (): boolean => (isMirrored(servers) ? owedIn : unseenIn)(servers) === 0
  if (!(await world.run(world.now + patienceMs, isSettled)))
    broken.push(
      isMirrored(servers)
        ? `${owedIn(servers)} writes are owed, and nobody mirrors them`
        : `${unseenIn(servers)} documents are unseen, and nobody settles them`,
    )
  await world.run(world.now + 2_000) // marks are there for puts that are on their way
}
