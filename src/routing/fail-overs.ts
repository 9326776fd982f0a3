import { messageOf } from '../util/errors.ts'
import { type Origin, otherOrigin } from '../util/origin.ts'

type Log = (level: 'warn', message: string) => void

/** Fail-overs of a type are told at most once in this time, in milliseconds: an outage is one event, not one a request. */
const quietMs = 60_000

/** Counts the reads that the other store answered. */
export class FailOvers {
  readonly #log: Log
  readonly #told = new Map<string, { readonly at: number; count: number }>()
  /** By type, since the gateway's start. */
  readonly count = new Map<string, number>()

  constructor(log: Log) {
    this.#log = log
  }

  add(type: string, from: Origin, error: unknown): void {
    this.count.set(type, (this.count.get(type) ?? 0) + 1)
    const key = `${type} ${from}`
    const told = this.#told.get(key)
    if (told && performance.now() - told.at < quietMs) {
      told.count++
      return
    }
    this.#told.set(key, { at: performance.now(), count: 0 })
    const before = told?.count ? `, ${told.count} more since it was told last` : ''
    this.#log(
      'warn',
      `Reads of ${type} are answered by ${otherOrigin(from)}, since ${from} failed: ${messageOf(error)}${before}`,
    )
  }
}
