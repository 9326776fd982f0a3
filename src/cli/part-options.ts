import { type Command, InvalidArgumentError } from 'commander'
import type { Part } from '../jobs/asked-records.ts'
import { isPlainObject } from '../util/json.ts'

function time(text: string): Date {
  const at = new Date(text)
  if (!/^\d{4}-\d{2}-\d{2}/.test(text) || Number.isNaN(at.getTime()))
    throw new InvalidArgumentError('It must be a time as 2026-01-31 or 2026-01-31T12:00:00Z.')
  return at
}

function sample(text: string): Part['sample'] {
  const [, digits, percent] = /^(\d+(?:\.\d+)?)\s*(%?)$/.exec(text) ?? []
  const value = Number(digits)
  if (percent === '%' && value > 0 && value < 100) return { share: value / 100 }
  if (percent === '' && Number.isInteger(value) && value > 0) return { records: value }
  throw new InvalidArgumentError('It must be a share as 5%, below 100%, or a number of records.')
}

function filter(text: string): Readonly<Record<string, unknown>> {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    parsed = null
  }
  if (isPlainObject(parsed)) return parsed
  throw new InvalidArgumentError(`It must be JSON by record paths, as '{"year":{"gte":1990}}'.`)
}

/** Adds what says which part of a type is asked for. */
export const withPartOptions = (command: Command): Command =>
  command
    .option('--since <time>', 'records alone whose id was made at that time or later; for ObjectIds', time)
    .option('--sample <n>', 'so many records, or a share of them as 5%, in stretches spread over the ids', sample)
    .option('--where <json>', 'records alone that meet a filter by record paths', filter)

export const partOf = ({ since, sample, where }: Part): Part => ({
  ...(since ? { since } : {}),
  ...(sample ? { sample } : {}),
  ...(where ? { where } : {}),
})
