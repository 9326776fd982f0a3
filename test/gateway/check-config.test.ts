import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { InMemoryProvider } from '@openfeature/server-sdk'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import config from '../../crossfade.config.ts'
import { loadConfig } from '../../src/cli/session.ts'
import { checkConfig } from '../../src/gateway/check-config.ts'

const needed = { schema: {}, entities: [], migrations: {} }
const demo = { generate: () => ({}), traffic: () => [], read: {}, drift: {} }

describe('a config', () => {
  test.each<[title: string, given: object]>([
    ['as the demo has it', config],
    ['of what is needed', needed],
    [
      'with settings that are undefined',
      { ...needed, limits: undefined, cors: undefined, shadow: { queue: undefined } },
    ],
    [
      'with a budget of errors, in parts',
      { ...needed, tellStale: false, errorBudget: { percent: 0.5, errors: undefined, windowMs: 1_000 } },
    ],
    [
      'with gates, some of them closed to none',
      { ...needed, gates: { comparisons: 5, verifiedWithinHours: 0.5, latencyFactor: false, types: {} } },
    ],
    [
      'with a provider of flags',
      { ...needed, flags: { provider: new InMemoryProvider({}), prefix: 'move', intervalMs: 1_000 } },
    ],
    [
      'with a proxy that signs people in',
      {
        ...needed,
        admin: {
          proxy: {
            addresses: ['::1'],
            roles: { viewer: { groups: ['staff'] }, operator: { users: ['ada@example.org'], groups: [] } },
          },
        },
      },
    ],
    ['with what makes a provider of flags', { ...needed, flags: { provider: () => new InMemoryProvider({}) } }],
    [
      'with functions, and sites as a list',
      {
        ...needed,
        context: () => ({}),
        plugins: [],
        showError: () => null,
        path: '/api/v1/graph.ql',
        subject: () => 'x',
        cors: { origin: ['https://a.example'] },
        demo,
      },
    ],
    [
      'with sites as browsers name them',
      { ...needed, cors: { origin: ['http://localhost:3000', 'https://[::1]', 'capacitor://localhost', 'null'] } },
    ],
    [
      'with migrations as a module has them',
      { ...needed, migrations: Object.assign(Object.create(null), { one: {} }) },
    ],
  ])('%s is taken', (_, given) => {
    expect(() => checkConfig('a.ts', given)).not.toThrow()
  })

  test.each<[given: object, problem: string]>([
    [{ limit: {} }, 'there is no limit. Did you mean "limits"?'],
    [{ Limits: {} }, 'there is no Limits. Did you mean "limits"?'],
    [{ somethingElse: 1 }, 'there is no somethingElse.'],
    [{ limits: { depht: 3 } }, 'limits: there is no depht. Did you mean "depth"?'],
    [
      { limits: { tokenz: 3, node: 3 } },
      'limits: there is no tokenz. Did you mean "tokens"?; there is no node. Did you mean "nodes"?',
    ],
    [{ limits: 5 }, 'limits: an object is expected.'],
    [{ shadow: { concurency: 3 } }, 'shadow: there is no concurency. Did you mean "concurrency"?'],
    [
      { shadow: { concurrency: 0, timeoutMs: '2s' } },
      'shadow.concurrency: at least 1 is expected; shadow.timeoutMs: a whole number is expected.',
    ],
    [{ flags: {} }, 'flags.provider: is missing.'],
    [
      { flags: { provider: 'flagd', prefix: '', intervalMs: 5 } },
      'flags.provider: a provider of OpenFeature, or a function that makes one, is expected; flags.prefix: a text is expected; flags.intervalMs: at least 500 is expected.',
    ],
    [
      { flags: { provider: {} } },
      'flags.provider: a provider of OpenFeature, or a function that makes one, is expected.',
    ],
    [{ errorBudget: { percents: 1 } }, 'errorBudget: there is no percents. Did you mean "percent"?'],
    [
      { errorBudget: { percent: 140, errors: 0, windowMs: 10 } },
      'errorBudget.percent: at most 100 is expected; errorBudget.errors: at least 1 is expected; errorBudget.windowMs: at least 1000 is expected.',
    ],
    [{ errorBudget: { percent: Number.NaN } }, 'errorBudget.percent: a number is expected.'],
    [{ errorBudget: false }, 'errorBudget: an object is expected.'],
    [{ tellStale: 'no' }, 'tellStale: true or false is expected.'],
    [{ gates: { verified: 3 } }, 'gates: there is no verified.'],
    [
      { gates: { comparisons: 0, latencyFactor: -1, signOff: 'Ada', verifiedWithinHours: true } },
      'gates.verifiedWithinHours: a number of hours, or false, is expected; gates.comparisons: a whole number from 1 on, or false, is expected; gates.latencyFactor: a number above 0, or false, is expected; gates.signOff: true or false is expected.',
    ],
    [{ gates: { types: { Note: { issue: true } } } }, 'gates.types.Note: there is no issue. Did you mean "issues"?'],
    [{ gates: { types: { Nope: {} } } }, 'gates.types: there is no type Nope'],
    [
      { admin: { proxy: { addresses: [], roles: { qa: ['qa'], viewer: { group: ['staff'] } } } } },
      'admin.proxy.roles.viewer: there is no group. Did you mean "groups"?; admin.proxy.roles.qa: people and groups are told apart: an object as { users: ["ada@example.org"], groups: ["staff"] } is expected.',
    ],
    [{ cors: { origins: '*' } }, 'cors.origin: is missing; cors: there is no origins. Did you mean "origin"?'],
    [{ cors: { origin: ['*', 5] } }, 'cors.origin: a site, a list of sites or * is expected.'],
    ...[
      'shop.example',
      'https://shop.example/',
      'https://shop.example/app',
      'https://shop.example?x',
      'https://Shop.example',
      'https://shop.example:443',
      'https://*.shop.example',
      'https://a@shop.example',
      ' https://shop.example',
      'app://x/',
      '',
    ].map((site): [object, string] => [
      { cors: { origin: ['https://other.example', site] } },
      `cors.origin: no browser names a site "${site}"; one is as https://shop.example, with neither path nor slash behind it.`,
    ]),
    [{ cors: { origin: '*', credentials: 'yes' } }, 'cors.credentials: true or false is expected.'],
    [{ cors: { origin: '*', methods: 'GET' } }, 'cors.methods: a list of texts is expected.'],
    [{ subject: 'x-client-id' }, 'subject: a function is expected.'],
    [
      { context: {}, plugins: {}, showError: 1 },
      'context: a function is expected; plugins: a list is expected; showError: a function is expected.',
    ],
    ...['graphql', '/', '/graphql/', '/a b', '//x', '/graphql?x', '/healthz', 5].map((path): [object, string] => [
      { path },
      'path: a path as /api/graphql, which is none of health, is expected.',
    ]),
    [{ demo: { ...demo, trafic: 1 } }, 'demo: there is no trafic. Did you mean "traffic"?'],
    [{ entities: undefined, schema: null }, 'schema: is missing; entities: is missing.'],
    [{ entities: {} }, 'entities: a list is expected.'],
  ])('%j is told by path, with the nearest name', (given, problem) => {
    expect(() => checkConfig('a.ts', { ...needed, ...given })).toThrow(
      expect.objectContaining({ message: `a.ts: ${problem}` }),
    )
  })
})

describe('when any command loads it', () => {
  let folder: string
  beforeAll(() => {
    folder = mkdtempSync(join(import.meta.dirname, '.config-'))
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  test.each([
    [
      'limits',
      'export default { schema: {}, entities: [], migrations: {}, limits: { depth: "x" } }',
      'limits.depth: a whole number is expected.',
    ],
    [
      'names',
      'export default { schema: {}, entities: [], migrations: {}, limit: {} }',
      'there is no limit. Did you mean "limits"?',
    ],
    ['an empty one', 'export const config = {}', 'schema: is missing; entities: is missing; migrations: is missing.'],
    ['one that is no object', 'export default "x"', 'an object is expected.'],
  ])('%s are looked at', async (title, source, problem) => {
    const file = join(folder, `${title.replaceAll(' ', '-')}.mjs`)
    writeFileSync(file, source)
    await expect(loadConfig(file)).rejects.toThrow(`${file}: ${problem}`)
  })
})
