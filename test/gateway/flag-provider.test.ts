import { InMemoryProvider, OpenFeature, type Provider } from '@openfeature/server-sdk'
import { afterAll, afterEach, expect, test } from 'vitest'
import { liveInstances } from '../../src/control/instances.ts'
import { setStage } from '../../src/control/move.ts'
import { openGateway, type TestGateway } from '../support/gateway.ts'

const opened: TestGateway[] = []
afterEach(async () => {
  await Promise.all(opened.splice(0).map((api) => api.close()))
})
afterAll(() => OpenFeature.close())

async function through(seed: number, provider: Provider | (() => Provider)): Promise<TestGateway> {
  const api = await openGateway(seed, undefined, { flags: { provider, intervalMs: 500 } })
  opened.push(api)
  return api
}

const configuration = (values: Readonly<Record<string, string | number>>) =>
  Object.fromEntries(
    Object.entries(values).map(([key, value]) => [
      `crossfade.${key}`,
      { variants: { on: value as string }, defaultVariant: 'on', disabled: false },
    ]),
  )

const soon = { timeout: 20_000 }
const movies = '{ movies(first: 1) { edges { node { title } } } }'

test('a provider’s shares are in force where the stage allows, and its stage is only shown', async () => {
  const provider = new InMemoryProvider(configuration({ 'Movie.readPercent': 30, 'Movie.stage': 'live' }))
  const api = await through(81, provider)
  const { flags } = api.gateway.routing
  await expect.poll(() => flags.get('Movie').desired?.stage, soon).toBe('live')
  expect(flags.get('Movie')).toMatchObject({ stage: 'off', readPercent: 0 })
  await api.setStage('shadow')
  await expect.poll(() => flags.get('Movie').readPercent, soon).toBe(30)
  expect(flags.get('Movie')).toMatchObject({ stage: 'shadow', state: 'steady', desired: { stage: 'live' } })
  expect(flags.get('Comment')).toMatchObject({ readPercent: 0, desired: null })
  provider.putConfiguration(configuration({ 'Movie.readPercent': 100, 'Movie.samplePercent': 0 }))
  await expect.poll(() => flags.get('Movie'), soon).toMatchObject({ readPercent: 100, samplePercent: 0 })
  expect(flags.get('Movie').desired).toEqual({ stage: null, readPercent: 100, samplePercent: 0 })
  // First of all the kill switch
  const { killSwitch } = api.gateway.routing
  api.kill(true)
  await expect.poll(() => killSwitch.isOn('Movie'), soon).toBe(true)
  expect(await api.ask(movies)).not.toContain('errors')
  // A value without sense leaves what is in force, and is told with each sign of life
  provider.putConfiguration(configuration({ 'Movie.readPercent': 140 }))
  const alert = 'crossfade.Movie.readPercent is 140: a number from 0 to 100 is expected'
  for (const { ledger } of [api.stores.mongo, api.stores.postgres])
    await expect.poll(async () => (await liveInstances(ledger)).flatMap(({ alerts }) => alerts), soon).toEqual([alert])
  expect(flags.get('Movie')).toMatchObject({ readPercent: 100, desired: { readPercent: 100 } })
  expect(api.logged).toContain(`Flags of the provider, of which the last good ones stay: ${alert}`)
})

const never = (): Promise<never> => new Promise(() => undefined)

test('a gateway whose provider begins and ends never starts, serves by its own flags, and stops', async () => {
  const provider = Object.assign(new InMemoryProvider({}), { initialize: never, onClose: never })
  const api = await through(83, provider)
  await api.setStage('shadow')
  const { ledger } = api.stores.mongo
  await setStage(
    { ledgers: { mongo: ledger, postgres: api.stores.postgres.ledger }, log: () => undefined, sweep: async () => 0 },
    { type: 'Movie', readPercent: 7 },
  )
  await expect.poll(() => api.gateway.routing.flags.get('Movie').readPercent, soon).toBe(7)
  expect(await api.ask(movies)).not.toContain('errors')
  await expect.poll(() => api.logged.some((line) => line.startsWith('Flags of the provider')), soon).toBe(true)
  expect(api.gateway.routing.flags.get('Movie')).toMatchObject({ readPercent: 7, desired: null })
})
