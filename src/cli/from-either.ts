import { told } from '../gateway/told.ts'
import type { Stores } from '../routing/routing.ts'
import { askEither, type Silent } from '../stores/ask-either.ts'
import type { Store } from '../stores/store.ts'
import { messageOf } from '../util/errors.ts'
import type { Origin } from '../util/origin.ts'
import { say } from './output.ts'

const said = new Set<Origin>()

/** What stores that do not answer say, once for each command: asked for several things one says it in several ways. */
export function saySilent(silent: readonly Silent[]): void {
  for (const { origin, error } of silent) {
    if (!said.has(origin)) say(told(error) ?? messageOf(error))
    said.add(origin)
  }
}

/** As `askEither` asks them, and says which does not answer. */
export async function fromEither<T>(stores: Stores, ask: (store: Store) => Promise<T>): Promise<readonly T[]> {
  const { answers, silent } = await askEither(stores, ask)
  saySilent(silent)
  return answers
}
