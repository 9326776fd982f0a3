import type { Document } from 'mongodb'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { openSmallGateway, type SmallGateway } from '../support/small-gateway.ts'
import { Patient, patients, schema } from './patients.ts'

const lines: [operation: string, fields: object][] = []
let api: SmallGateway
beforeAll(async () => {
  api = await openSmallGateway(schema, Patient, patients as unknown as Document[], {
    logRequest: (...line) => lines.push(line),
  })
  await api.setStage('live')
})
afterAll(() => api?.close())
beforeEach(() => {
  lines.length = 0
})

const ms = expect.any(Number)
const lineOf = async (query: string, variables?: object) => {
  await api.ask(query, variables)
  await expect.poll(() => lines, { timeout: 20_000 }).toHaveLength(1)
  return lines[0]
}

test('a request is one line: its operation, how it ended, and which store answered', async () => {
  expect(await lineOf('query One { patient(id: 5) { body } }')).toEqual([
    'query One',
    { status: 200, ms, errors: undefined, stores: { Patient: 'postgres' } },
  ])
})

test('a mutation that shows what it wrote has read nothing', async () => {
  expect(await lineOf('mutation Note { write(id: 6, body: "a secret") { body } }')).toEqual([
    'mutation Note',
    { status: 200, ms, errors: undefined, stores: {} },
  ])
})

test('what fails is told by its code, and without what was sent', async () => {
  expect(await lineOf('query Two { patientBy(path: "secret", value: "x") { body } }')).toEqual([
    'query Two',
    { status: 200, ms, errors: ['INTERNAL_SERVER_ERROR'], stores: undefined },
  ])
  lines.length = 0
  expect(await lineOf('query Three { secret }')).toEqual([
    'query Three',
    { status: 200, ms, errors: ['GRAPHQL_VALIDATION_FAILED'], stores: undefined },
  ])
  lines.length = 0
  expect(await lineOf('{ patient(id: 5')).toEqual([
    'no operation',
    { status: 200, ms, errors: ['GRAPHQL_PARSE_FAILED'], stores: undefined },
  ])
})

test('a name that is too long is cut', async () => {
  const [operation] = (await lineOf(`query ${'N'.repeat(200)} { patient(id: 5) { body } }`))!
  expect(operation).toBe(`query ${'N'.repeat(80)}`)
})
