import { onceFor } from '../../util/once-for.ts'
import type { MongoConnection } from './connection.ts'

/** An answer that took longer, in milliseconds, says little: it is off by half of that, and is measured again. */
const exact = 500

/** How long a measurement holds, in milliseconds: clocks drift by some milliseconds an hour, and a host that slept lags. */
const holds = 60_000

/**
 * The server's clock, as far as it is from our monotonic one. What the server can't stamp itself ($$NOW is for pipelines
 * alone) is stamped with it, and ages are counted by it: hosts' clocks may be minutes apart, and may be set while we run.
 * What is owed from the future would be swept by nobody until then, and a mirror without it would count as fresh.
 */
class Clock {
  readonly #connection: MongoConnection
  #offset = 0
  #until = Number.NEGATIVE_INFINITY
  #measuring: Promise<void> | undefined

  constructor(connection: MongoConnection) {
    this.#connection = connection
  }

  /** Milliseconds since 1970. Waits for the server the first time alone. */
  async now(): Promise<number> {
    if (this.#until < performance.now()) {
      this.#measuring ??= this.#measure().finally(() => {
        this.#measuring = undefined
      })
      if (this.#until === Number.NEGATIVE_INFINITY) await this.#measuring
      else this.#measuring.catch(() => undefined) // the last offset holds until it answers
    }
    return performance.now() + this.#offset
  }

  async #measure(): Promise<void> {
    const began = performance.now()
    const { localTime } = await this.#connection.db.command({ hello: 1 }, { readPreference: 'primary' })
    const took = performance.now() - began
    // A server that does not say keeps our clock
    const then = localTime instanceof Date ? localTime.getTime() + took / 2 : Date.now()
    this.#offset = then - performance.now()
    this.#until = performance.now() + (took < exact ? holds : 0)
  }
}

const clockOf = onceFor((connection: MongoConnection) => new Clock(connection))

/** The server's time in whole milliseconds. @throws where it does not answer, and was never asked before. */
export const storeNow = async (connection: MongoConnection): Promise<number> =>
  Math.round(await clockOf(connection).now())
