import { serverAudits } from 'graphql-http'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openSmallGateway, type SmallGateway } from '../support/small-gateway.ts'
import { Patient, schema } from './patients.ts'

let api: SmallGateway

beforeAll(async () => {
  api = await openSmallGateway(schema, Patient, [{ _id: 1 }])
})
afterAll(() => api?.close())

const audits = serverAudits({ url: () => api.gateway.url })

test('the audit of GraphQL over HTTP is whole', () => {
  expect(audits).toHaveLength(61)
})

test.each(audits.map((audit) => [`${audit.name} (${audit.id})`, audit] as const))('%s', async (_, { fn }) => {
  const result = await fn()
  expect('reason' in result ? result.reason : null).toBeNull()
  expect(result.status).toBe('ok')
})
