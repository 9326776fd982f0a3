import { InMemoryProvider, OpenFeature, type Provider } from '@openfeature/server-sdk'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import type { Asked } from '../../src/control/desired.ts'
import { FlagSource } from '../../src/control/flag-source.ts'
import type { FlagsConfig } from '../../src/control/flags-config.ts'

const opened: FlagSource[] = []
afterEach(async () => {
  await Promise.all(opened.splice(0).map((source) => source.stop()))
})
afterAll(() => OpenFeature.close())

let made = 0

interface Opened {
  readonly source: FlagSource
  readonly logged: string[]
  /** What is known of Movie, and whether the provider answers. */
  look(): Promise<Found>
  /** As of the last look. */
  found(): Found
}

interface Found {
  readonly movie: Asked | undefined
  readonly isWell: boolean
}

function open(config: FlagsConfig, answerMs = 200): Opened {
  const logged: string[] = []
  let last: Found = { movie: undefined, isWell: false }
  const source = new FlagSource({
    ...config,
    id: `test ${++made}`,
    types: ['Movie'],
    answerMs,
    log: (_level, message) => logged.push(message),
    onLook: async (asked, isWell) => void (last = { movie: asked.get('Movie'), isWell }),
  })
  opened.push(source)
  return {
    source,
    logged,
    found: () => last,
    async look() {
      await source.look()
      return last
    },
  }
}

const inMemory = (values: Readonly<Record<string, string | number | boolean | object>>): InMemoryProvider =>
  new InMemoryProvider(configuration(values))

const configuration = (values: Readonly<Record<string, string | number | boolean | object>>) =>
  Object.fromEntries(
    Object.entries(values).map(([key, value]) => [
      key,
      { variants: { on: value as string }, defaultVariant: 'on', disabled: false },
    ]),
  )

const nothing = { stage: null, readPercent: null, samplePercent: null }
const all = { 'crossfade.Movie.stage': 'live', 'crossfade.Movie.readPercent': 10, 'crossfade.Movie.samplePercent': 0.5 }

describe('A provider in memory', () => {
  test('says stage and shares by the keys of the type', async () => {
    const { look, source } = open({ provider: inMemory(all) })
    expect(await look()).toEqual({ movie: { stage: 'live', readPercent: 10, samplePercent: 0.5 }, isWell: true })
    expect(source.alerts).toEqual([])
  })

  test('that knows nothing of a type asks for nothing, and nothing is wrong', async () => {
    const { look, source } = open({ provider: inMemory({}) })
    expect(await look()).toEqual({ movie: nothing, isWell: true })
    expect(source.alerts).toEqual([])
  })

  test('is asked under another prefix where one is set', async () => {
    const { look } = open({ provider: inMemory({ 'move.Movie.stage': 'shadow', ...all }), prefix: 'move' })
    expect(await look()).toEqual({ movie: { ...nothing, stage: 'shadow' }, isWell: true })
  })

  test('that a function makes, at once or later, is as good', async () => {
    expect((await open({ provider: () => inMemory(all) }).look()).movie?.stage).toBe('live')
    expect((await open({ provider: async () => inMemory(all) }).look()).movie?.stage).toBe('live')
  })

  test('is asked at once when it tells of a change', async () => {
    const provider = inMemory(all)
    const { source, found } = open({ provider, intervalMs: 600_000 })
    source.start()
    const share = (): unknown => found().movie?.readPercent
    await expect.poll(share, { timeout: 10_000 }).toBe(10)
    provider.putConfiguration(configuration({ ...all, 'crossfade.Movie.readPercent': 11 }))
    await expect.poll(share, { timeout: 10_000 }).toBe(11)
  })

  test('that tells of changes without end is asked all the same', async () => {
    const provider = inMemory({ ...all, 'crossfade.Movie.readPercent': 0 })
    const { source, found } = open({ provider, intervalMs: 600_000 })
    let at = 0
    const timer = setInterval(
      () => provider.putConfiguration(configuration({ ...all, 'crossfade.Movie.readPercent': (at += 0.01) })),
      20,
    )
    try {
      source.start()
      for (const least of [0.1, 0.5, 1])
        await expect.poll(() => Number(found().movie?.readPercent), { timeout: 20_000 }).toBeGreaterThan(least)
    } finally {
      clearInterval(timer)
    }
  })

  test('two of one process do not take each other’s place', async () => {
    const [one, two] = [open({ provider: inMemory(all) }), open({ provider: inMemory({}) })]
    await Promise.all([one.look(), two.look()])
    expect([(await one.look()).movie?.stage, (await two.look()).movie?.stage]).toEqual(['live', null])
  })
})

const percent = 'a number from 0 to 100 is expected'
const senseless: readonly (readonly [string, 'stage' | 'readPercent', unknown, string])[] = [
  ['of another type', 'readPercent', 'ten', '"ten"'],
  ['past all', 'readPercent', 140, '140'],
  ['below nothing', 'readPercent', -1, '-1'],
  ['that is no number', 'readPercent', Number.NaN, 'NaN'],
  ['without end', 'readPercent', Number.POSITIVE_INFINITY, 'Infinity'],
  ['that is an object', 'readPercent', {}, 'a value of type object'],
  ['that is no stage', 'stage', 'almost-live', '"almost-live"'],
  ['of a stage that is inherited', 'stage', 'toString', '"toString"'],
  ['of a stage that is empty', 'stage', '', '""'],
  ['of a stage that is a number', 'stage', 3, '3'],
]

/** A provider whose values are what it likes, whatever was asked for. */
const lawless = (value: () => unknown): Provider => {
  const resolve = async () => ({ value: value() as never })
  return {
    metadata: { name: 'lawless' },
    runsOn: 'server',
    resolveBooleanEvaluation: resolve,
    resolveStringEvaluation: resolve,
    resolveNumberEvaluation: resolve,
    resolveObjectEvaluation: resolve,
  }
}

describe('A value', () => {
  test.each(senseless)('%s leaves the last good one, with an alert', async (_, member, value, shown) => {
    let now: unknown = member === 'stage' ? 'live' : 10
    const provider = lawless(() => now)
    const { look, source, logged } = open({ provider })
    expect((await look()).movie?.[member]).toBe(now)
    const good = now
    now = value
    expect(await look()).toMatchObject({ movie: { [member]: good }, isWell: true })
    const expected =
      member === 'stage' ? 'one of off, dualwrite, shadow, live, rampdown, complete is expected' : percent
    expect(source.alerts).toContain(`crossfade.Movie.${member} is ${shown}: ${expected}`)
    await look()
    await look()
    expect(
      logged.filter((line) => /^Flags of the provider, of which the last good ones stay: /.test(line)),
    ).toHaveLength(1)
    now = good
    await look()
    expect(source.alerts.filter((line) => line.includes(`.${member} `))).toEqual([])
  })

  test('that made no sense from the beginning is none', async () => {
    const { look } = open({ provider: lawless(() => 140) })
    expect(await look()).toEqual({ movie: undefined, isWell: true })
  })
})

const never = (): Promise<never> => new Promise(() => undefined)
const later = <T>(ms: number, what: T): Promise<T> => new Promise((done) => setTimeout(done, ms, what).unref())
const failing = (make: () => unknown): Provider => {
  const resolve = async () => make() as never
  return { ...lawless(() => ''), resolveStringEvaluation: resolve, resolveNumberEvaluation: resolve }
}

const hostile: Readonly<Record<string, FlagsConfig['provider']>> = {
  'throws for each value': failing(() => {
    throw new Error('x')
  }),
  'throws what is no error': failing(() => {
    throw 'x'
  }),
  'answers nothing at all': failing(() => undefined),
  'hangs with each value': failing(never),
  'is not to be made': () => {
    throw new Error('x')
  },
  'is made in vain': () => Promise.reject(new Error('x')),
  'is made for ever': never,
  'is nothing': (() => null) as never,
  'is an empty object': (() => ({})) as never,
  'throws while it begins': {
    ...inMemory(all),
    metadata: { name: 'x' },
    initialize: () => {
      throw new Error('x')
    },
  } as never,
  'begins for ever': Object.assign(inMemory(all), { initialize: never }),
  'takes ten minutes to begin': Object.assign(inMemory(all), { initialize: () => later(600_000, undefined) }),
  'belongs in a browser': Object.assign(
    lawless(() => 5),
    { runsOn: 'client' as const },
  ),
  'is beyond repair': Object.assign(inMemory(all), {
    initialize: () => Promise.reject(Object.assign(new Error('x'), { code: 'PROVIDER_FATAL' })),
  }),
}

describe('A provider that', () => {
  test.each(Object.keys(hostile))('%s is not waited for, is told, and asks for nothing', async (what) => {
    const { look, source, logged } = open({ provider: hostile[what]! })
    expect(await look()).toEqual({ movie: undefined, isWell: false })
    expect(await look()).toEqual({ movie: undefined, isWell: false })
    expect(source.alerts.length).toBeGreaterThan(0)
    expect(logged).toHaveLength(1)
  })

  test.each<[string, () => unknown]>([
    ['hangs', never],
    ['takes ten minutes', () => later(600_000, undefined)],
    [
      'throws',
      () => {
        throw new Error('x')
      },
    ],
    ['rejects', () => Promise.reject(new Error('x'))],
  ])('%s when it is closed keeps nobody from closing', async (_, onClose) => {
    const { look, source } = open({ provider: Object.assign(inMemory(all), { onClose }) as never })
    await look()
    await source.stop()
  })

  test('hangs is asked once for each value, not again and again', async () => {
    let asked = 0
    const provider = failing(() => {
      asked++
      return never()
    })
    const { look } = open({ provider }, 20)
    for (let n = 0; n < 10; n++) await look()
    expect(asked).toBe(3)
  })

  test('is slow to be made, or to begin, is asked once it is ready', async () => {
    const slow = Object.assign(inMemory(all), { initialize: () => later(400, undefined) })
    const { look } = open({ provider: () => later(400, slow) }, 100)
    expect((await look()).isWell).toBe(false)
    await expect.poll(look, { timeout: 10_000 }).toMatchObject({ movie: { stage: 'live' }, isWell: true })
  })

  test('fails after it has worked leaves what it had said', async () => {
    let fails = false
    const good = inMemory(all)
    const provider = Object.assign(inMemory(all), {
      resolveStringEvaluation: (...given: Parameters<InMemoryProvider['resolveStringEvaluation']>) =>
        fails ? Promise.reject(new Error('gone')) : good.resolveStringEvaluation(...given),
    })
    const { look, source } = open({ provider })
    await look()
    fails = true
    expect((await look()).movie).toEqual({ stage: 'live', readPercent: 10, samplePercent: 0.5 })
    expect(source.alerts).toEqual(['crossfade.Movie.stage is not answered: GENERAL, gone'])
  })

  test('says an address with a token in its error is told without', async () => {
    const { look, source } = open({
      provider: failing(() => {
        throw new Error('cannot reach https://user:secret@flags.example:8013/v1?token=secret now')
      }),
    })
    await look()
    expect(source.alerts[0]).toBe('crossfade.Movie.stage is not answered: GENERAL, cannot reach flags.example:8013 now')
  })
})
