import { InvalidArgumentError } from 'commander'
import { longestRuleMs } from '../stores/triage.ts'

const dayMs = 86_400_000

const given = (text: string): number => {
  const days = /^(\d{1,4})d$/.exec(text)
  if (days) return Date.now() + Number(days[1]) * dayMs
  return /^\d{4}-\d{2}-\d{2}(T.+)?$/.test(text) ? Date.parse(text) : Number.NaN
}

/** A time to come: so many days from now, or a date. @throws InvalidArgumentError for anything else. */
export function untilOf(text: string): Date {
  const at = given(text)
  if (Number.isNaN(at)) throw new InvalidArgumentError('It must be a number of days as 30d, or a date as 2026-12-31.')
  if (at <= Date.now()) throw new InvalidArgumentError('It must lie ahead.')
  if (at > Date.now() + longestRuleMs)
    throw new InvalidArgumentError(`It must lie within ${longestRuleMs / dayMs} days.`)
  return new Date(at)
}
