import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { liveHeap, megabytes } from '../support/live-heap.ts'
import { rounds } from '../support/long.ts'
import { type OpenedAdmin, openAdmin } from './opened-admin.ts'

let opened: OpenedAdmin
beforeAll(async () => {
  opened = await openAdmin()
}, 60_000)
afterAll(() => opened?.close())

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom(
    '',
    'abc',
    'Note',
    'all',
    '1',
    '__proto__',
    'constructor',
    '\0',
    '\ud800',
    "'; drop table notes --",
    '{"$gt":""}',
  ),
)
const anything = fc.oneof(text, fc.jsonValue({ maxDepth: 2 }), fc.double(), fc.constantFrom(-1, 1e9, 2 ** 31, 1e308))

const queries = [
  'query ($a: String!) { mismatch(group: $a) { group { name } notes { by } examples { id } } }',
  'query ($a: String, $b: Int!) { mismatches(text: $a, type: $a, first: $b, skip: $b) { total groups { name } } }',
  'query ($a: String!, $c: String!) { record(type: $a, id: $c) { fields { path } } }',
  'query ($c: String!) { record(type: "Note", id: $c) { fields { path } } }',
  'query ($a: String) { issues(type: $a) { group } deadLetters(type: $a) { id } history(type: $a) { key } }',
  'query ($a: [String!]) { types(names: $a) { name owed { owed } verdicts { count } coverage { isProved } } }',
  'mutation ($a: String!, $c: String!) { comment(group: $a, text: $c) { name } }',
  'mutation ($a: String!, $d: DateTime) { judge(group: $a, verdict: noise, why: $a, until: $d) { name } }',
  'mutation ($a: String!, $c: String!) { drop(type: $a, id: $c, why: $c) }',
  'mutation ($c: String!) { drop(type: "Note", id: $c, why: $c) }',
  'mutation ($a: String!, $f: Float) { controlCopy(type: $a, limit: $f) }',
  'mutation ($f: Float) { controlCopy(type: "Note", limit: $f) }',
  'mutation ($a: String!, $f: Float) { setStage(type: $a, samplePercent: $f) { key } }',
  'mutation ($a: String!) { acceptIssues(type: "Note", group: $a, why: $a) { group } }',
  'mutation ($a: String!) { dropRule(rule: $a, why: $a) { name } }',
  'mutation ($a: String!) { kill(type: $a, on: true) }',
  'mutation ($a: String) { replay(field: $a) { by } }',
  '{ recorded { files } replays { field error } verifications { type error } }',
] as const

const variables = fc.record({ a: anything, b: anything, c: anything, d: anything, f: anything }, { requiredKeys: [] })

const bodies = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ query: fc.constantFrom(...queries), variables }).map((body) => JSON.stringify(body)),
  },
  fc
    .record({ query: anything, variables: anything, operationName: anything, extensions: anything })
    .map((body) => JSON.stringify(body) ?? ''),
  fc.string({ unit: 'binary', maxLength: 200 }),
)

const requests = fc.record({
  method: fc.constantFrom('POST', 'POST', 'POST', 'GET', 'PUT', 'DELETE', 'OPTIONS', 'PATCH'),
  path: fc.oneof(
    { weight: 6, arbitrary: fc.constant('/graphql') },
    fc.constantFrom(
      '/',
      '/kill',
      '/metrics',
      '/healthz',
      '/assets/../package.json',
      '//',
      '/graphql/health',
      '/__proto__',
    ),
    fc.webPath({ size: 'small' }),
  ),
  type: fc.constantFrom(
    'application/json',
    'application/json',
    'text/plain',
    'application/graphql',
    'multipart/form-data',
    '',
  ),
  body: bodies,
})

test('whatever is sent, the answer says what is wrong with it, and the next one is heard', async () => {
  const ask = async ({ method, path, type, body }: { method: string; path: string; type: string; body: string }) => {
    const response = await fetch(opened.url + path, {
      method,
      headers: { authorization: `Bearer ${opened.secrets.operator}`, ...(type ? { 'content-type': type } : {}) },
      ...(method === 'GET' || method === 'OPTIONS' ? {} : { body: Buffer.from(body) }),
    })
    return { status: response.status, answer: await response.text() }
  }
  await ask({ method: 'POST', path: '/graphql', type: 'application/json', body: '{"query":"{ me { name } }"}' })
  const before = liveHeap()
  await fc.assert(
    fc.asyncProperty(requests, async (request) => {
      const { status, answer } = await ask(request)
      expect([status < 500, answer.includes('INTERNAL_SERVER_ERROR')], answer).toEqual([true, false])
      expect((await ask({ method: 'GET', path: '/healthz', type: '', body: '' })).status).toBe(200)
    }),
    { numRuns: rounds(300, 10_000), endOnFailure: true },
  )
  const grown = liveHeap() - before
  expect(grown, `${megabytes(grown)} MB more are held`).toBeLessThan(30_000_000)
}, 600_000)
