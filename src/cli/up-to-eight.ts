import { InvalidArgumentError } from 'commander'

/** How many work side by side in one process, which has one thread. @throws InvalidArgumentError for anything else. */
export const upToEight =
  (least: 0 | 1) =>
  (text: string): number => {
    const value = Number(text)
    if (!/^\d$/.test(text) || value < least || value > 8)
      throw new InvalidArgumentError(`It must be a whole number between ${least} and 8.`)
    return value
  }
