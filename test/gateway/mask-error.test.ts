import { GraphQLError } from 'graphql'
import { beforeEach, expect, test, vi } from 'vitest'
import { limitsOf } from '../../src/gateway/limits.ts'
import { maskError } from '../../src/gateway/mask-error.ts'
import { Refusals } from '../../src/gateway/refusals.ts'
import { CrossfadeError } from '../../src/util/errors.ts'
import { Seldom } from '../../src/util/seldom.ts'

let now = 0
vi.spyOn(performance, 'now').mockImplementation(() => now)

const lines: string[] = []
beforeEach(() => {
  lines.length = 0
})
const log = (_: string, message: string, fields?: object) => lines.push(`${message} ${JSON.stringify(fields ?? {})}`)
const masking = () => maskError(log, new Refusals(limitsOf({}), log))

/** An error of a field, as execution hands it over. */
const failed = (error: Error): GraphQLError => new GraphQLError(error.message, { originalError: error })
const silent = (text: string) => failed(new CrossfadeError('UNAVAILABLE', text, { cause: new Error('ECONNREFUSED') }))

test('equal troubles are told once a minute, with how many were held back', () => {
  const mask = masking()
  for (let field = 0; field < 98; field++) expect(mask(silent('mongo is down.')).message).toBe('mongo is down.')
  expect(lines).toEqual(['UNAVAILABLE: mongo is down. {"cause":"ECONNREFUSED"}'])
  now += 60_000
  mask(silent('mongo is down.'))
  expect(lines[1]).toBe('UNAVAILABLE: mongo is down.; 97 more since it was told last {"cause":"ECONNREFUSED"}')
})

test('troubles of another text or code are told each', () => {
  const mask = masking()
  mask(silent('mongo is down.'))
  mask(silent('postgres is down.'))
  mask(failed(new CrossfadeError('TRY_AGAIN', 'mongo is down.', { cause: new Error('full') })))
  expect(lines).toHaveLength(3)
})

test('a line whose id a client was told stands in the log, each', () => {
  const mask = masking()
  const ids = [1, 2, 3].map(() => (mask(failed(new Error('a fault'))) as GraphQLError).extensions['id'])
  expect(new Set(ids).size).toBe(3)
  expect(lines.map((line) => line.slice(0, 54))).toEqual(ids.map((id) => `Unexpected error ${id}:`))
})

test('events of any text take no more memory than a thousand', () => {
  const seldom = new Seldom(60_000)
  for (let n = 0; n < 1_000; n++) expect(seldom.due(`event ${n}`)).toBe(0)
  expect(seldom.due('event 0')).toBeNull()
  expect(seldom.due('event 1000')).toBe(0)
  expect(seldom.due('event 0')).toBe(0) // forgotten, as the oldest
  expect(seldom.due('event 999')).toBeNull()
})
