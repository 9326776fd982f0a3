import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { weighsMore } from '../../src/util/weigh.ts'
import { openAppGateway, type SmallGateway } from '../support/small-gateway.ts'
import { Patient, schema } from './patients.ts'

const large = 'x'.repeat(20_000)
const times = (count: number): string => Array.from({ length: count }, (_, n) => `a${n}: body`).join(' ')
const escaped = '\u0001'.repeat(9_000)
const limit = 'The answer is larger than 100000 bytes (limits.answerBytes).'

describe.each([false, true])('where limits are only reported: %s', (reportOnly) => {
  let api: SmallGateway
  const logged: string[] = []
  beforeAll(async () => {
    api = await openAppGateway(
      { schema, entities: [Patient], migrations: {}, limits: { answerBytes: 100_000, reportOnly } },
      new Map([
        [
          Patient,
          [
            ...Array.from({ length: 12 }, (_, n) => ({ _id: n + 1, ward: 'B', body: large })),
            { _id: 13, ward: 'C', body: escaped },
          ],
        ],
      ]),
      { log: (_, message) => logged.push(message) },
    )
  })
  afterAll(() => api?.close())

  test('an answer within the limit is written out', async () => {
    expect(await api.ask(`{ patient(id: 1) { ${times(4)} } }`)).toEqual({
      data: { patient: { a0: large, a1: large, a2: large, a3: large } },
    })
  })

  test.each([
    ['one text many times', `query Many { patient(id: 1) { ${times(6)} } }`],
    ['a text of each record', 'query Many { patients(first: 12) { edges { node { body } } } }'],
    ['a text that JSON writes with six bytes a character', `query Many { patient(id: 13) { ${times(2)} } }`],
    ['long names', `query Many { patients(first: 12) { edges { node { ${'n'.repeat(9_000)}: n } } } }`],
  ])('past it by %s the client gets one refusal, and the operator a line', async (_, query) => {
    expect(await api.ask(query)).toEqual({
      data: null,
      errors: [{ message: `${limit} Ask for less, or in several requests.`, extensions: { code: 'BAD_USER_INPUT' } }],
    })
    expect(logged).toContain('limits.answerBytes refuses operation Many: asked for more, allowed 100000')
  })

  test('a mutation whose answer is too large has written', async () => {
    expect(await api.ask(`mutation { write(id: 2, body: "y") { id } }`)).not.toHaveProperty('errors')
    const query = `mutation ($body: String!) { write(id: 2, body: $body) { ${times(6)} } }`
    const body = `${large}z`
    expect(await api.ask(query, { body })).toEqual({
      data: null,
      errors: [
        {
          message: `${limit} Look what it has written before repeating it.`,
          extensions: { code: 'UNKNOWN_OUTCOME' },
        },
      ],
    })
    expect(await api.ask('{ patient(id: 2) { body } }')).toEqual({ data: { patient: { body } } })
  })
})

test('what is past the limit is not walked to the end', () => {
  let walked = 0
  const member = {
    get text() {
      walked++
      return 'x'.repeat(100)
    },
  }
  expect(weighsMore({ list: Array(1_000).fill(member) }, 10_000)).toBe(true)
  expect(walked).toBeLessThan(100)
})

test.each<[value: unknown, weight: number]>([
  ['abc', 7],
  [null, 8],
  [12, 8],
  [[], 8],
  [['a', null], 8 + 5 + 8],
  [{ ab: true, c: { d: 'e' } }, 8 + 6 + 8 + 5 + 8 + 5 + 5],
  [Buffer.from('abcd'), 8],
])('%j weighs %i', (value, weight) => {
  expect([weighsMore(value, weight - 1), weighsMore(value, weight)]).toEqual([true, false])
})
