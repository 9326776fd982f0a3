import { InvalidArgumentError } from 'commander'

/** @throws InvalidArgumentError for what is no whole number from 0 up. */
export function wholeNumber(text: string): number {
  const value = Number(text)
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value))
    throw new InvalidArgumentError('It must be a whole number from 0 up.')
  return value
}
