import { InvalidArgumentError } from 'commander'

/** A name, or a reason, that is kept. @throws InvalidArgumentError for one that says nothing. */
export function said(text: string): string {
  if (text.trim() === '') throw new InvalidArgumentError('It must say something: it is kept.')
  return text
}
