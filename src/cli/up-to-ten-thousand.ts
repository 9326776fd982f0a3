import { InvalidArgumentError } from 'commander'

/** A whole number of things that are read or shown at once. @throws InvalidArgumentError for anything else. */
export function upToTenThousand(text: string): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1 || value > 10_000)
    throw new InvalidArgumentError('It must be a whole number between 1 and 10000.')
  return value
}
