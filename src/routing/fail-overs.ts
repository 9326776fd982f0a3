import { messageOf } from '../util/errors.ts'
import { type Origin, otherOrigin } from '../util/origin.ts'
import { heldBack, Seldom } from '../util/seldom.ts'

type Log = (level: 'warn', message: string) => void

/** Counts the reads that the other store answered, and tells once a minute that there are such. */
export class FailOvers {
  readonly #log: Log
  readonly #seldom = new Seldom(60_000)
  /** By type, since the gateway's start. */
  readonly count = new Map<string, number>()
  /** Requests by type whose answer is stale. */
  readonly staleCount = new Map<string, number>()
  /** Whether a stale answer says so to clients: not every parser of theirs takes `extensions`. */
  readonly tellsClients: boolean

  constructor(log: Log, tellsClients = true) {
    this.#log = log
    this.tellsClients = tellsClients
  }

  add(type: string, from: Origin, error: unknown): void {
    this.count.set(type, (this.count.get(type) ?? 0) + 1)
    const held = this.#seldom.due(`${type} ${from}`)
    if (held === null) return
    const why = `since ${from} failed: ${messageOf(error)}`
    this.#log('warn', `Reads of ${type} are answered by ${otherOrigin(from)}, ${why}${heldBack(held)}`)
  }

  /** @param asOf up to when the answer has every acknowledged write; null where nobody knows. */
  addStale(type: string, asOf: Date | null): void {
    this.staleCount.set(type, (this.staleCount.get(type) ?? 0) + 1)
    const held = this.#seldom.due(`${type} stale`)
    if (held === null) return
    const what = asOf ? `may lack what was written since ${asOf.toISOString()}` : 'are of an unknown age'
    const said = this.tellsClients ? 'and say so' : 'and do not say so (`tellStale` is false)'
    this.#log('warn', `Answers of ${type} ${what}, ${said}${heldBack(held)}`)
  }
}
