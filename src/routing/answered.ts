import { CrossfadeError } from '../util/errors.ts'

/** Why what a request asks of the stores is ended once it is answered. */
export const answered = new CrossfadeError('UNAVAILABLE', 'The request is answered.')

/**
 * What is read behind the answer: nothing, and no failure either. Where a field of a list that may not be null is, graphql-js
 * leaves the list with what is still under way in it; each promise of it that fails would be one that nobody awaits, which
 * ends a process of Node.
 */
export const neverRead = (): Promise<never> => new Promise(() => undefined)

export const isAnswered = (signal: AbortSignal | undefined): boolean => signal?.reason === answered
