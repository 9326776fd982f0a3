import { InvalidArgumentError } from 'commander'

/** @throws InvalidArgumentError for what is no whole number above 0. */
export function positive(text: string): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('It must be a whole number above 0.')
  return value
}
