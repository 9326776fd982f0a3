import { expect, test } from 'vitest'
import { untilOf } from '../../src/cli/until-of.ts'

const dayMs = 86_400_000

test('so many days from now, or a date, of which the day begins in UTC', () => {
  expect(Math.round((untilOf('30d').getTime() - Date.now()) / dayMs)).toBe(30)
  const tomorrow = new Date(Date.now() + dayMs).toISOString()
  expect(untilOf(tomorrow).toISOString()).toBe(tomorrow)
  const day = tomorrow.slice(0, 10)
  expect(untilOf(day).toISOString()).toBe(`${day}T00:00:00.000Z`)
})

test.each([
  ['soon', 'It must be a number of days as 30d, or a date as 2026-12-31.'],
  ['2030', 'It must be a number of days as 30d, or a date as 2026-12-31.'],
  ['2020-13-01', 'It must be a number of days as 30d, or a date as 2026-12-31.'],
  ['0d', 'It must lie ahead.'],
  ['2020-01-01', 'It must lie ahead.'],
  ['367d', 'It must lie within 366 days.'],
])('%s is refused', (text, message) => {
  expect(() => untilOf(text)).toThrow(message)
})
