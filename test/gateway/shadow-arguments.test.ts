import { sql } from 'kysely'
import type { Document } from 'mongodb'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { MismatchExample } from '../../src/stores/findings.ts'
import type { Json } from '../../src/util/json.ts'
import { openSmallGateway, type SmallGateway } from '../support/small-gateway.ts'
import { changeUnseen } from '../support/stores.ts'
import { Patient, patients, schema } from './patients.ts'

let api: SmallGateway
const logged: string[] = []
beforeAll(async () => {
  api = await openSmallGateway(schema, Patient, patients as unknown as Document[], {
    log: (_level, message, fields) => void logged.push(message + JSON.stringify(fields ?? {})),
  })
  // Whatever is read differs: every surname, number and text is another in PostgreSQL
  await changeUnseen(
    api.stores,
    sql`update patients set body = 'other', ward = ward || '2', ssn = ssn + 100, n = n + 100,
    surname = surname || 'X' where id <> 2`,
  )
})
afterAll(() => api.close())
beforeEach(() => api.stores.postgres.findings.clear())

interface Kept {
  readonly args: Json
  readonly control: Json
  readonly candidate: Json
}

/** The examples of everything that a read is found to differ in, as they are kept. */
async function kept(query: string, variables = {}): Promise<Kept[]> {
  expect(await api.ask(query, variables)).not.toHaveProperty('errors')
  await api.gateway.routing.shadow.idle()
  const { findings } = api.stores.postgres
  const groups = await findings.groups()
  expect(groups.length).toBeGreaterThan(0)
  const shown = await Promise.all(groups.map(({ fingerprint }) => findings.show(fingerprint)))
  return shown.flatMap((group) => group!.examples.map(({ example }: MismatchExample) => example as unknown as Kept))
}

const hidden = '[redacted]'
const page = { orderBy: [{ path: 'id', direction: 'asc' }], first: 10 }
const filtered = 'query ($filter: PatientFilter) { patients(filter: $filter) { edges { node { body } } } }'

const filters: readonly (readonly [title: string, filter: object, where: Json])[] = [
  ['a word in capitals', { surname: { eq: 'OBRIEN' } }, { op: 'eq', path: 'surname', value: hidden }],
  ['a number', { ssn: { eq: 123456789 } }, { op: 'eq', path: 'ssn', value: hidden }],
  ['a list', { ssn: { in: [123456789, 5] } }, { op: 'in', path: 'ssn', values: [hidden, hidden] }],
  [
    'a part of a text',
    { surname: { contains: 'BRI', insensitive: true } },
    { op: 'contains', path: 'surname', value: hidden, insensitive: true },
  ],
  ['a value inside of json', { blood: { eq: 'AB' } }, { op: 'eq', path: 'chart.blood', value: hidden }],
  [
    'a member of a list of objects',
    { visits: { some: { reason: { eq: 'FLU' }, room: { eq: 'R1' } } } },
    {
      op: 'some',
      path: 'visits',
      where: {
        op: 'and',
        of: [
          { op: 'eq', path: 'reason', value: hidden },
          { op: 'eq', path: 'room', value: 'R1' },
        ],
      },
    },
  ],
]

test.each(filters)('the sensitive values of a filter are hidden, its form stays: %s', async (_title, filter, where) => {
  for (const { args } of await kept(filtered, { filter })) expect(args).toEqual({ where, ...page })
})

test('values that are not sensitive stay, so that the read can be asked again', async () => {
  const filter = { ward: { eq: 'EAST' }, n: { lt: 50 } }
  const where = {
    op: 'and',
    of: [
      { op: 'lt', path: 'n', value: 50 },
      { op: 'eq', path: 'ward', value: 'EAST' },
    ],
  }
  for (const { args } of await kept(filtered, { filter })) expect(args).toEqual({ where, ...page })
})

const after = `query ($by: String, $after: String) {
  patients(by: $by, first: 2, after: $after) { pageInfo { endCursor } edges { node { body } } }
}`

test('a cursor over a sensitive key is hidden, another one stays', async () => {
  for (const [by, isHidden] of [
    ['surname', true],
    ['n', false],
  ] as const) {
    type Answer = { data: { patients: { pageInfo: { endCursor: string } } } }
    const first = (await api.ask(after, { by })) as Answer
    const cursor = first.data.patients.pageInfo.endCursor
    await api.gateway.routing.shadow.idle()
    await api.stores.postgres.findings.clear()
    const examples = await kept(after, { by, after: cursor })
    for (const { args } of examples) expect(args).toMatchObject({ after: isHidden ? hidden : cursor, first: 2 })
  }
})

test('a look-up by a sensitive field hides its values; one by another field shows them', async () => {
  const by = 'query ($path: String!, $value: String!) { patientBy(path: $path, value: $value) { body } }'
  const asked: readonly (readonly [query: string, variables: object, args: string])[] = [
    [by, { path: 'surname', value: 'OBRIEN' }, '{"surname":["[redacted]"]}'],
    [by, { path: 'ward', value: 'EAST' }, '{"ward":["EAST"]}'],
    ['{ patient(id: 7) { body } }', {}, '{"id":[7]}'],
  ]
  for (const [query, variables, args] of asked) {
    const examples = await kept(query, variables)
    expect(new Set(examples.map((example) => JSON.stringify(example.args)))).toEqual(new Set([args]))
    await api.stores.postgres.findings.clear()
  }
})

test('of groups the conditions and values of sensitive fields are hidden, in the question and in the answer', async () => {
  const [{ args, control }] = (await kept('{ wards(by: "ward") }')) as [Kept]
  expect(args).toEqual({
    where: { op: 'gte', path: 'ssn', value: hidden },
    by: ['ward'],
    measures: { highest: { op: 'max', path: 'ssn' }, many: { op: 'count' }, sum: { op: 'sum', path: 'ssn' } },
    having: [
      { measure: 'sum', op: 'gt', value: hidden },
      { measure: 'many', op: 'gte', value: '1' },
    ],
    order: [],
    limit: 10,
  })
  expect(control).toEqual([
    { by: ['EAST'], measures: [hidden, 6, hidden] },
    { by: ['west'], measures: [hidden, 6, hidden] },
  ])
  await api.stores.postgres.findings.clear()
  const [bySurname] = (await kept('{ wards(by: "surname") }')) as [Kept]
  expect(bySurname.control).toEqual(Array(10).fill({ by: [hidden], measures: [hidden, 1, hidden] }))
})

test('of a bespoke field of a type that hides anything only the shape is kept', async () => {
  const [{ args, control, candidate }] = (await kept('{ named(surname: "OBRIEN", n: 123456789) }')) as [Kept]
  expect(args).toEqual({ surname: hidden, n: hidden })
  expect([control, candidate]).toEqual([[hidden], []])
})

test('no line of the log holds a sensitive value', () => {
  expect(logged.join('\n')).toContain('mismatch')
  expect(logged.join('\n')).not.toMatch(/OBRIEN|NAME\d|123456|FLU|"AB"/)
})
