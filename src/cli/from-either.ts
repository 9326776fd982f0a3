import { told } from '../gateway/told.ts'
import type { Stores } from '../routing/routing.ts'
import type { Store } from '../stores/store.ts'
import { messageOf } from '../util/errors.ts'
import { origins } from '../util/origin.ts'
import { say } from './output.ts'

const said = new Set<string>()

/** What a store that does not answer says, once for each command. */
function sayOnce(line: string): void {
  if (!said.has(line)) say(line)
  said.add(line)
}

/**
 * Asks both stores, and goes on with what one says while the other does not answer.
 *
 * @throws the error of one where neither answers.
 */
export async function fromEither<T>(stores: Stores, ask: (store: Store) => Promise<T>): Promise<readonly T[]> {
  const answers = await Promise.allSettled(origins.map((origin) => ask(stores[origin])))
  const failed = answers.flatMap((answer): unknown[] => (answer.status === 'rejected' ? [answer.reason] : []))
  if (failed.length === answers.length) throw failed[0]
  for (const error of failed) sayOnce(told(error) ?? messageOf(error))
  return answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []))
}
