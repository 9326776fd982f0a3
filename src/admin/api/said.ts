import { CrossfadeError } from '../../util/errors.ts'

const longest = 2_000

/** What somebody says, to be kept. @throws BAD_USER_INPUT for nothing, too much, and what PostgreSQL cannot keep. */
export function said(argument: string, text: string): string {
  const fault =
    text.trim() === ''
      ? 'says nothing'
      : text.length > longest
        ? `is longer than ${longest} characters`
        : text.includes('\0')
          ? 'holds a NUL character'
          : null
  if (fault !== null) throw new CrossfadeError('BAD_USER_INPUT', `${argument} ${fault}.`)
  return text
}

/** @throws BAD_USER_INPUT for less than none, and more than so many. */
export function atMost(argument: string, value: number, most: number): number {
  if (value >= 0 && value <= most) return value
  throw new CrossfadeError('BAD_USER_INPUT', `${argument} must be between 0 and ${most}.`)
}
