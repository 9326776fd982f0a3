import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openGateway, type TestGateway } from '../support/gateway.ts'
import { hostileRequests } from './hostile-requests.ts'

let api: TestGateway
beforeAll(async () => {
  api = await openGateway(23)
})
afterAll(() => api?.close())

const known =
  /^(BAD_USER_INPUT|BAD_REQUEST|GRAPHQL_PARSE_FAILED|GRAPHQL_VALIDATION_FAILED|OPERATION_RESOLUTION_FAILURE)$/

/** A line about a request, and not one of a watcher in the background. */
const isOfRequest = (line: string): boolean => /^[A-Z_]+: |^Unexpected error| was answered by /.test(line)

describe.each(['off', 'live'] as const)('in %s', (stage) => {
  beforeAll(() => api.setStage(stage))

  test.each(hostileRequests)('$title is refused as a mistake of the client', async ({ body, told }) => {
    api.logged.length = 0
    const response = await fetch(api.gateway.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: body(),
    })
    expect(response.status).toBeLessThan(500)
    const text = await response.text()
    expect(text.length).toBeLessThan(50_000)
    const { errors } = JSON.parse(text) as { errors: { message: string; extensions: { code: string } }[] }
    expect(errors[0]!.message).toContain(told)
    for (const { extensions } of errors) expect(extensions.code).toMatch(known)
    expect(api.logged.filter(isOfRequest)).toEqual([])
  })
})
