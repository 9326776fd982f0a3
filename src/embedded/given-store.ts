import { messageOf } from '../util/errors.ts'
import { checkUri, hostsOf, withoutSecrets } from '../util/store-uri.ts'
import type { Answer } from './run-server.ts'
import type { StartedStore } from './started-store.ts'

interface Given {
  /** The variable that holds the address. */
  readonly setting: string
  /** What it is taken for while it does not answer. */
  readonly name: string
  readonly uri: string
  readonly ask: (uri: string, ms: number) => Promise<Answer>
  readonly log: (line: string) => void
}

const patienceMs = 2_000

/**
 * A store that somebody else runs. One that does not answer is told, and no reason to stop: it may come, and the other
 * one serves meanwhile.
 *
 * @throws MISCONFIGURED where the address cannot be read.
 */
export async function givenStore({ setting, name, uri, ask, log }: Given): Promise<StartedStore> {
  checkUri(setting, uri)
  const store = { uri, pid: null, startedHere: false }
  try {
    const answer = await ask(uri, patienceMs)
    log(`${answer.name} ${answer.version} at ${hostsOf(uri)} (${setting})`)
    return { ...answer, ...store }
  } catch (error) {
    log(`${setting}: ${hostsOf(uri)} does not answer: ${withoutSecrets(messageOf(error), uri)}`)
    return { name, version: 'unknown', ...store }
  }
}
