import { told } from '../gateway/told.ts'
import type { Stores } from '../routing/routing.ts'
import type { Store } from '../stores/store.ts'
import { messageOf } from '../util/errors.ts'
import { type Origin, origins } from '../util/origin.ts'
import { say } from './output.ts'

const said = new Set<Origin>()

/** What a store that does not answer says, once for each command: asked for several things it says it in several ways. */
function sayOnce(origin: Origin, line: string): void {
  if (!said.has(origin)) say(line)
  said.add(origin)
}

/**
 * Asks both stores, and goes on with what one says while the other does not answer.
 *
 * @throws the error of one where neither answers.
 */
export async function fromEither<T>(stores: Stores, ask: (store: Store) => Promise<T>): Promise<readonly T[]> {
  const answers = await Promise.allSettled(origins.map((origin) => ask(stores[origin])))
  const failed = answers.flatMap((answer, at) =>
    answer.status === 'rejected' ? [{ origin: origins[at]!, error: answer.reason as unknown }] : [],
  )
  if (failed.length === answers.length) throw failed[0]!.error
  for (const { origin, error } of failed) sayOnce(origin, told(error) ?? messageOf(error))
  return answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []))
}
