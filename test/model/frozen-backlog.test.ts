import { afterAll, expect, test } from 'vitest'
import { openWorld } from './history.ts'
import { begin, forget, startGateway } from './instances.ts'
import { command } from './movers.ts'

let over = (): void => undefined
afterAll(() => over())

test('a look at what is owed that hangs ages, so that reads leave the mirror [frozen-backlog]', async () => {
  const setting = await openWorld(1, ['a'])
  over = () => forget(setting)
  const { world, network, servers } = setting
  setting.isOpen = false // nobody writes
  const gateway = startGateway(setting, 'gateway')
  let isShadow = false
  command(setting, 'command', async (run) => {
    await run.set('dualwrite', 0)
    await run.copy()
    await run.set('shadow', 50)
    isShadow = true
  })
  await world.run(10_000, () => isShadow)
  await world.run(world.now + 2_000)
  /** How far the mirror may be behind, as the gateway knows it, in milliseconds. */
  async function lag(): Promise<number> {
    let ms = Number.NaN
    begin(setting, gateway.place, async () => {
      ms = gateway.instance!.routing.sweeper.lagMs('Doc')
    })
    await world.run(world.now)
    return ms
  }
  expect(await lag()).toBeLessThan(400)
  network.setWay(gateway.place, servers.mongo, { loseAnswer: 1 })
  await world.run(world.now + 1_000)
  expect(await lag()).toBeGreaterThanOrEqual(1_000)
  network.mend()
  await world.run(world.now + 6_000)
  expect(await lag()).toBeLessThan(400)
  expect(setting.broken).toEqual([])
})
