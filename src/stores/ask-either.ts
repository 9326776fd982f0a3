import { type Origin, origins } from '../util/origin.ts'

/** A store that did not answer. */
export interface Silent {
  readonly origin: Origin
  readonly error: unknown
}

/** What the stores that answered said, and which did not: one at most. */
export interface Either<T> {
  readonly answers: readonly T[]
  readonly silent: readonly Silent[]
}

/**
 * Asks both stores, and goes on with what one says while the other does not answer.
 *
 * @throws the error of one where neither answers.
 */
export async function askEither<S, T>(
  stores: { readonly mongo: S; readonly postgres: S },
  ask: (store: S) => Promise<T>,
): Promise<Either<T>> {
  const answers = await Promise.allSettled(origins.map((origin) => ask(stores[origin])))
  const silent = answers.flatMap((answer, at) =>
    answer.status === 'rejected' ? [{ origin: origins[at]!, error: answer.reason as unknown }] : [],
  )
  if (silent.length === answers.length) throw silent[0]!.error
  return { answers: answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : [])), silent }
}
