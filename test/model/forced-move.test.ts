import { afterAll, expect, test } from 'vitest'
import { openWorld } from './history.ts'
import { forget, startGateway } from './instances.ts'
import { judge } from './judge.ts'
import { type Commands, command } from './movers.ts'
import { ids } from './operations.ts'
import { flagOf, owedIn } from './truth.ts'

let over = (): void => undefined
afterAll(() => over())

test('authority is taken from a store that is gone, and what it had not mirrored is not lost when it is back [forced-and-back]', async () => {
  const lines: string[] = []
  const setting = await openWorld(5, ids.slice(0, 4), (line) => lines.push(line))
  over = () => forget(setting)
  const { world, network, servers, operations } = setting
  const gateway = startGateway(setting, 'gateway')
  /** @returns whether it was done in time. */
  async function run(work: (run: Commands) => Promise<unknown>): Promise<boolean> {
    let isDone = false
    const place = command(setting, 'command', async (commands) => {
      await work(commands)
      isDone = true
    })
    await world.run(world.now + 120_000, () => place.dead)
    return isDone
  }
  expect(
    await run(async ({ set, copy }) => {
      await set('dualwrite', 0)
      await copy()
      await set('shadow', 0)
      await set('live', 0)
    }),
  ).toBe(true)
  await world.run(world.now + 3_000)
  // MongoDB gets nothing any more: writes are owed; then PostgreSQL is gone
  network.setWay(gateway.place, servers.mongo, { loseRequest: 1 })
  await world.run(world.now + 2_000)
  const owed = owedIn(servers)
  expect(owed).toBeGreaterThan(0)
  servers.postgres.down = true
  network.mend()
  await world.run(world.now + 5_000)
  expect(await run(({ set }) => set('shadow', 0))).toBe(false)
  expect(await run(({ force }) => force('shadow'))).toBe(true)
  expect(lines.some((line) => /postgres does not answer\. \d+ acknowledged writes were owed/.test(line))).toBe(true)
  expect(flagOf(servers)).toMatchObject({ stage: 'shadow', state: 'steady', fresh: null })
  expect(flagOf(servers).epoch).toBeGreaterThan(1_000)
  const before = operations.filter(({ outcome }) => outcome === 'ok').length
  await world.run(world.now + 5_000)
  expect(operations.filter(({ outcome }) => outcome === 'ok').length).toBeGreaterThan(before)
  servers.postgres.down = false
  await world.run(world.now + 20_000)
  setting.isOpen = false
  await world.run(world.now + 30_000)
  expect(await run(({ copy }) => copy())).toBe(true)
  await world.run(world.now + 5_000, () => owedIn(servers) === 0)
  const { broken } = await judge(setting, 0)
  // What readers have lost is kept in conflicts; nothing comes back that was deleted
  const kept = JSON.stringify([...servers.mongo.state.get('_crossfade_log')!.documents.values()])
  const lost = broken.filter((line) => line.includes('is lost'))
  expect(broken.filter((line) => !lost.includes(line))).toEqual([])
  expect(lost.filter((line) => !kept.includes(line.split(' ')[0]!))).toEqual([])
})

test('a store that answers keeps its authority, forced or not', async () => {
  const setting = await openWorld(6, [])
  setting.isOpen = false
  const { world } = setting
  startGateway(setting, 'gateway')
  let error: unknown
  const place = command(setting, 'command', async ({ set, copy, force }) => {
    await set('dualwrite', 0)
    await copy()
    await set('shadow', 0)
    await force('live')
    error = flagOf(setting.servers)
  })
  await world.run(60_000, () => place.dead)
  // Moved in order, under the next epoch
  expect(error).toMatchObject({ stage: 'live', epoch: 3, fresh: 3 })
  forget(setting)
})

test('a store that is gone and has no authority stands in no one’s way, forced or not', async () => {
  const setting = await openWorld(7, [])
  setting.isOpen = false
  const { world, servers } = setting
  startGateway(setting, 'gateway')
  const place = command(setting, 'command', async ({ set, copy, force }) => {
    await set('dualwrite', 0)
    await copy()
    await set('shadow', 0)
    servers.postgres.down = true
    await force('off')
  })
  await world.run(200_000, () => place.dead)
  servers.postgres.down = false
  await world.run(world.now + 10_000) // a gateway tells it
  expect(flagOf(servers)).toMatchObject({ stage: 'off', state: 'steady', epoch: 3 })
  expect(servers.postgres.state.ledger.get('flag Doc')?.value).toMatchObject({ stage: 'off', epoch: 3 })
  forget(setting)
})
