import { z } from 'zod'
import { didYouMean } from '../util/did-you-mean.ts'

/** Settings of these names: another is refused, with the nearest of them, since it would change nothing in silence. */
export const strict = <Shape extends z.core.$ZodLooseShape>(shape: Shape) => {
  const unknown = (key: string): string => {
    const hint = didYouMean(key, Object.keys(shape))
    return `there is no ${key}${hint && `.${hint}`}`
  }
  return z.strictObject(shape, {
    error: ({ code, keys }) =>
      code === 'unrecognized_keys' ? (keys as readonly string[]).map(unknown).join('; ') : 'an object is expected',
  })
}

export const whole = (least: number) => z.int('a whole number is expected').min(least, `at least ${least} is expected`)

/** Milliseconds of a timer, which goes no further. */
export const time = () => whole(1).max(2_147_483_647, 'at most 2147483647 is expected')

/** What does not fit, each by its path. */
export function problemsOf({ issues }: z.ZodError, root: readonly string[] = []): string {
  const told = issues.map(({ path, message }) => [[...root, ...path].join('.'), message].filter(Boolean).join(': '))
  return told.join('; ').replace(/[.?]?$/, (end) => end || '.')
}
