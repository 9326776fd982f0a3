import { sql } from 'kysely'
import type { Document } from 'mongodb'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { Flag } from '../../src/control/flag.ts'
import { flagsIn } from '../../src/control/flag-store.ts'
import { limitsOf } from '../../src/gateway/limits.ts'
import { isKeptIn, owesAny } from '../../src/gateway/owes.ts'
import { storeView } from '../../src/gateway/store-view.ts'
import type { Entry } from '../../src/replay/read-recording.ts'
import { headerOf } from '../../src/replay/recording.ts'
import { type ReplayOptions, replay } from '../../src/replay/replay.ts'
import { isEqual } from '../../src/replay/replayed.ts'
import { server } from '../../src/replay/server.ts'
import { tokenMark } from '../../src/replay/token.ts'
import type { Origin } from '../../src/util/origin.ts'
import { openSmallGateway, type SmallGateway } from '../support/small-gateway.ts'
import { changeUnseen } from '../support/stores.ts'
import { Patient, patients, schema } from './patients.ts'

let api: SmallGateway
let flags: ReadonlyMap<string, Flag>
beforeAll(async () => {
  api = await openSmallGateway(schema, Patient, patients as unknown as Document[])
  flags = new Map((await flagsIn(api.stores.mongo.ledger)).map((flag) => [flag.type, flag]))
})
afterAll(() => api.close())
afterEach(async () => {
  await changeUnseen(
    api.stores,
    sql`update patients set body = 'body ' || id, surname = case id when 1 then 'OBRIEN' else 'NAME' || id - 1 end`,
  )
})

const config = { schema, entities: [Patient], migrations: {}, path: '/api' }

function view(
  origin: Origin,
  isKept: (type: string, at: Origin) => boolean = (type, at) => isKeptIn(flags.get(type), at),
) {
  return storeView({ config, stores: api.stores, limits: limitsOf({}), log: () => undefined, isKept }, origin)
}

type Asked = readonly [query: string, variables?: object]

async function* recording(...asked: readonly Asked[]): AsyncGenerator<Entry> {
  yield { is: 'header', header: headerOf(schema, 'a-gateway') }
  for (const [index, [query, variables = {}]] of asked.entries()) {
    const name = /query (\w+)/.exec(query)?.[1] ?? null
    const operation = { name, query, variables: variables as Record<string, unknown> }
    yield {
      is: 'operation',
      place: `r:${index + 2}`,
      operation,
      hasToken: JSON.stringify(operation).includes(tokenMark),
    }
  }
}

const run = (entries: AsyncIterable<Entry>, changed: Partial<ReplayOptions> = {}) =>
  replay(entries, {
    schema,
    entities: [Patient],
    a: view('mongo'),
    b: view('postgres'),
    owes: (heard) => owesAny(api.stores, flags, heard),
    recheckMs: [20, 50, 100],
    rate: 1_000,
    ...changed,
  })

const page =
  'query Page($n: Int) { patients(first: $n) { totalCount edges { cursor node { body ward n } } pageInfo { endCursor } } }'
const change = 'mutation ($id: Int!, $body: String!) { write(id: $id, body: $body) { id } }'
const one = 'query One($id: Int!) { patient(id: $id) { surname body } }'

test('equal stores give equal answers, errors included, and what is not asked again is counted', async () => {
  const found = await run(
    recording(
      [page, { n: 5 }],
      [one, { id: 3 }],
      ['query Both { named(surname: "NAME3", n: 1) patients(filter: { n: { gt: 3 } }) { totalCount } }'],
      ['{ patient(id: 1) { body } }'],
      [one, { id: 99 }],
      [one, { id: 'x' }],
      ['query Nul($n: String!) { named(surname: $n, n: 1) }', { n: 'a\0b' }],
      ['mutation Change { write(id: 1, body: "x") { id } }'],
      ['query Gone { nothing }'],
      ['query Cut { patients('],
      [one, { id: `${tokenMark}1` }],
      [`{ patient(id: "${tokenMark}1") { body } }`],
    ),
  )
  expect(found).toMatchObject({
    a: 'mongo',
    b: 'postgres',
    compared: 5,
    equal: 5,
    different: 0,
    ofNothing: 1,
    refusedAlike: 2,
    undecided: 0,
    skipped: { mutations: 1, subscriptions: 0, tokens: 2, unfit: 2, others: 0, stale: {} },
    otherContract: false,
    groups: [],
  })
  expect(found.times.map(({ operation, runs }) => [operation, runs])).toEqual([
    ['Both', 1],
    ['Nul', 1],
    ['One', 3],
    ['Page', 1],
    [expect.stringMatching(/^unnamed [\da-f]{8}$/), 1],
  ])
  expect(isEqual(found)).toBe(true)
  expect((await api.ask('{ patient(id: 1) { body } }')) as object).toEqual({ data: { patient: { body: 'body 1' } } })
})

test('what differs in one store is found by path, with the records and without what is sensitive', async () => {
  await changeUnseen(
    api.stores,
    sql`update patients set body = 'other' where id in (2, 4)`,
    sql`update patients set surname = 'SECRET' where id = 6`,
  )
  const found = await run(recording([page, { n: 5 }], [one, { id: 6 }], [one, { id: 7 }], [page, { n: 1 }]))
  expect(found).toMatchObject({ compared: 4, equal: 2, different: 2, undecided: 0 })
  expect(isEqual(found)).toBe(false)
  const version = expect.any(String)
  expect(found.groups).toEqual([
    {
      operation: 'One',
      path: 'patient.surname',
      kind: 'value',
      count: 1,
      examples: [
        expect.objectContaining({
          place: 'r:3',
          records: [{ type: 'Patient', id: 6, paths: ['surname'], versions: [version, version] }],
        }),
      ],
    },
    {
      operation: 'Page',
      path: 'patients.edges.node.body',
      kind: 'value',
      count: 1,
      examples: [
        {
          place: 'r:2',
          at: 'patients.edges.1.node.body',
          a: '[redacted]',
          b: '[redacted]',
          records: [2, 4].map((id) => ({ type: 'Patient', id, paths: ['body'], versions: [version, version] })),
        },
      ],
    },
  ])
  expect(JSON.stringify(found)).not.toMatch(/SECRET|NAME5/)
})

test('a count and a list that differ are told as a whole, and as the record that one side lacks', async () => {
  await changeUnseen(api.stores, sql`update patients set ward = 'GONE' where id = 12`)
  try {
    const filtered =
      'query West { patients(filter: { ward: { eq: "west" } }, first: 20) { totalCount edges { node { n } } } }'
    const found = await run(recording([filtered]))
    expect(found.groups.map(({ path, examples: [example] }) => [path, example?.records])).toEqual([
      ['patients.edges', expect.any(Array)],
      ['patients.totalCount', [{ type: 'Patient', id: 12, paths: [], versions: [expect.any(String), null] }]],
    ])
  } finally {
    await changeUnseen(api.stores, sql`update patients set ward = 'west' where id = 12`)
  }
})

test('a path that may differ is not held against the rest', async () => {
  await changeUnseen(api.stores, sql`update patients set body = 'other' where id = 2`)
  expect(isEqual(await run(recording([page, { n: 5 }]), { ignore: ['patients.edges.node'] }))).toBe(true)
  expect(isEqual(await run(recording([page, { n: 5 }]), { ignore: ['patients.edges.node.bo'] }))).toBe(false)
  // Where everything is ignored nothing was compared
  expect(isEqual(await run(recording([page, { n: 5 }]), { ignore: ['patients'] }))).toBe(false)
})

test('writes through the API meanwhile make no difference', async () => {
  let writing = true
  const writes = (async () => {
    for (let n = 0; writing; n++) await api.ask(change, { id: (n % 12) + 1, body: `written ${n}` })
  })()
  try {
    const asked = Array.from({ length: 60 }, (_, n): Asked => (n % 2 ? [page, { n: 12 }] : [one, { id: (n % 12) + 1 }]))
    const found = await run(recording(...asked), { recheckMs: [50, 200, 500] })
    expect([found.groups, found.different]).toEqual([[], 0])
    expect(found.compared + found.undecided).toBe(60)
    expect(found.equal).toBeGreaterThan(0)
  } finally {
    writing = false
    await writes
    for (const { _id: id, body } of patients) await api.ask(change, { id, body })
    await api.gateway.routing.mirror.flush()
  }
})

test('what a mirror is owed is not told as a difference', async () => {
  await changeUnseen(api.stores, sql`update patients set body = 'other' where id = 2`)
  const found = await run(recording([one, { id: 2 }]), { owes: async () => true })
  expect(found).toMatchObject({ compared: 0, different: 0, undecided: 1 })
  expect(isEqual(found)).toBe(false)
})

test('a type whose copy is not kept equal is not believed unless one says so', async () => {
  const b = view('postgres', (type, at) => at === 'mongo' || type !== 'Patient')
  const found = await run(recording([page, { n: 5 }], [one, { id: 1 }]), { b })
  expect(found).toMatchObject({ compared: 0, skipped: { stale: { Patient: 2 } } })
  expect(isEqual(found)).toBe(false)
  expect(isEqual(await run(recording([one, { id: 1 }]), { b: view('postgres', () => true) }))).toBe(true)
})

test('a recording of which nothing was compared is not equal', async () => {
  const recordings = [
    recording(),
    recording(['mutation M { write(id: 1, body: "x") { id } }']),
    recording([one, { id: 99 }]),
  ]
  for (const each of recordings) expect(isEqual(await run(each))).toBe(false)
})

test('one store is held against a server, which has errors and values of its own', async () => {
  const a = server(api.gateway.url)
  const b = view('postgres')
  expect(await run(recording([page, { n: 5 }], [one, { id: 1 }]), { a, b })).toMatchObject({ equal: 2, different: 0 })
  await changeUnseen(api.stores, sql`update patients set body = 'other' where id = 1`)
  expect(await run(recording([one, { id: 1 }]), { a, b })).toMatchObject({
    a: new URL(api.gateway.url).host,
    different: 1,
    groups: [{ operation: 'One', path: 'patient.body' }],
  })
})

test('a server that is not there, or is none of GraphQL, ends the replay with its reason', async () => {
  const b = view('postgres')
  await expect(run(recording([one, { id: 1 }]), { a: server('http://127.0.0.1:1/graphql'), b })).rejects.toThrow(
    /^127\.0\.0\.1:1 does not answer/,
  )
  const health = api.gateway.url.replace('graphql', 'healthz')
  await expect(run(recording([one, { id: 1 }]), { a: server(health), b })).rejects.toThrow(
    /with status 200 and no GraphQL/,
  )
})

test('what a store does not answer is told by its line, and the others go on; several in a row end the replay', async () => {
  const store = view('postgres')
  const text = 'postgres took too long.'
  const slow: typeof store = {
    name: store.name,
    ask: async (operation) => ({
      ...(await store.ask(operation)),
      ...(operation.name === 'Slow' ? { trouble: text } : {}),
    }),
  }
  const asked: Asked = ['query Slow { patients(first: 1) { totalCount } }']
  const found = await run(recording([page, { n: 5 }], asked, [page, { n: 4 }]), { b: slow })
  expect(found).toMatchObject({ compared: 2, equal: 2, unanswered: 1, problems: [{ place: 'r:3', text }] })
  expect(isEqual(found)).toBe(false)
  const all = run(recording([page, { n: 5 }], asked, asked, asked, asked), { b: slow, concurrency: 1 })
  await expect(all).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    message: expect.stringContaining('3 operations in a row'),
  })
})

test('a view is asked by whoever the headers say', async () => {
  const heard: (string | null)[] = []
  const context = ({ headers }: Request) => {
    heard.push(headers.get('authorization'), headers.get('content-type'))
    return {}
  }
  const headers = { authorization: 'Bearer x', 'content-type': 'text/plain' }
  const asked = { config: { ...config, context }, stores: api.stores, limits: limitsOf({}), log: () => undefined }
  const { ask } = storeView({ ...asked, isKept: () => true, headers }, 'mongo')
  expect(await ask({ name: null, query: '{ patient(id: 1) { body } }', variables: {} })).toMatchObject({
    data: { patient: { body: 'body 1' } },
  })
  expect(heard).toEqual(['Bearer x', 'application/json'])
})

test('who stops it does not wait for a side that hangs', async () => {
  const stop = new AbortController()
  const ask = (): Promise<never> => {
    stop.abort()
    return new Promise(() => undefined)
  }
  const stopped = run(recording([one, { id: 3 }]), { b: { name: 'hung', ask }, signal: stop.signal })
  await expect(stopped).rejects.toMatchObject({ name: 'AbortError' })
})
