import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openAppGateway, type SmallGateway } from '../support/small-gateway.ts'
import { Patient, schema } from './patients.ts'

const large = 'x'.repeat(20_000)

let api: SmallGateway
const logged: string[] = []
beforeAll(async () => {
  api = await openAppGateway(
    { schema, entities: [Patient], migrations: {}, limits: { recordBytes: 110_000 } },
    new Map([
      [Patient, Array.from({ length: 12 }, (_, n) => ({ _id: n + 1, surname: 'ONE', ssn: n, ward: 'B', body: large }))],
    ]),
    { log: (_, message) => logged.push(message) },
  )
})
afterAll(() => api?.close())

const page = (first: number, more = '') => `patients(first: ${first}${more}) { edges { node { body } } }`
const shown = (count: number) => ({ edges: Array.from({ length: count }, () => ({ node: { body: large } })) })
const limit = {
  message:
    'The request asks for more than 110000 bytes of records (limits.recordBytes). Ask for less, or in several requests.',
  extensions: { code: 'BAD_USER_INPUT' },
}
const refused = expect.objectContaining(limit)

describe.each(['off', 'shadow', 'live'] as const)('in %s', (stage) => {
  beforeAll(() => api.setStage(stage))

  test('records within the bound are answered', async () => {
    expect(await api.ask(`{ ${page(4)} }`)).toEqual({ data: { patients: shown(4) } })
  })

  test('one statement may not bring more', async () => {
    expect(await api.ask(`query Many { ${page(10)} }`)).toMatchObject({ errors: [refused] })
    expect(logged).toContainEqual(
      expect.stringMatching(/^limits\.recordBytes refuses the field patients: asked for \d+, allowed 110000/),
    )
  })

  test('nor may several', async () => {
    expect(await api.ask(`{ a: ${page(2)} b: ${page(3, ', by: "n"')} }`)).toMatchObject({ errors: [refused] })
  })

  test('nor may loads of single records, of which each counts once', async () => {
    const one = (id: number) => `r${id}: patient(id: ${id}) { body }`
    expect(await api.ask(`{ ${[1, 2, 3, 4].map(one).join(' ')} }`)).not.toHaveProperty('errors')
    expect(await api.ask(`{ patient(id: 1) { ${'abcdefghijkl'.replace(/./g, '$&: body ')} } }`)).toEqual({
      data: { patient: Object.fromEntries([...'abcdefghijkl'].map((name) => [name, large])) },
    })
    expect(await api.ask(`{ ${[1, 2, 3, 4, 5, 6, 7].map(one).join(' ')} }`)).toHaveProperty('errors')
  })

  test('the next request has a bound of its own', async () => {
    expect(await api.ask(`{ ${page(4)} }`)).toEqual({ data: { patients: shown(4) } })
  })
})

test('what a side by hand brings counts', async () => {
  await api.setStage('shadow') // in PostgreSQL it asks for the ids alone
  expect(await api.ask('{ named(surname: "ONE", n: 1) }')).toMatchObject({ errors: [refused] })
})
