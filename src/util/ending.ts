type Listener = (this: Ending, event: Event) => void
type Arrived = (bytes: number) => void

/** For whom a store is asked something: whose turn it is, see `FairTurns`. */
export interface Asker {
  readonly request: object
  readonly type: string
}

/**
 * What ends a call, as an `AbortSignal` with its controller in one, for hot paths: MongoDB's driver adds and removes
 * five listeners for each read, which costs 35 µs with Node's signal, and nothing to speak of here. It is for drivers and
 * our own code; what resolvers are given is Node's.
 */
export class Ending implements AbortSignal {
  readonly onabort = null
  aborted = false
  reason: unknown
  /** Told how many bytes stores have sent for the call, as they come. Where it throws, the call ends with that. */
  readonly arrived: Arrived | undefined
  readonly asker: Asker | undefined
  readonly #listeners = new Set<Listener>()

  constructor(arrived?: Arrived, asker?: Asker) {
    this.arrived = arrived
    this.asker = asker
  }

  /** One that ends when another does. */
  static with(other: AbortSignal, arrived = arrivedOf(other), asker?: Asker): Ending {
    const ending = new Ending(arrived, asker)
    if (other.aborted) ending.abort(other.reason)
    else other.addEventListener('abort', () => ending.abort(other.reason), { once: true })
    return ending
  }

  /** The second time nothing happens. */
  abort(reason: unknown): void {
    if (this.aborted) return
    this.aborted = true
    this.reason = reason
    const event = new Event('abort')
    for (const listener of this.#listeners) listener.call(this, event) // one that removes itself harms no other
    this.#listeners.clear()
  }

  throwIfAborted(): void {
    if (this.aborted) throw this.reason
  }

  /** Of `abort`, each once: there is no other event. */
  addEventListener(_: string, listener: unknown): void {
    this.#listeners.add(listener as Listener)
  }

  removeEventListener(_: string, listener: unknown): void {
    this.#listeners.delete(listener as Listener)
  }

  dispatchEvent(): boolean {
    throw new TypeError('an ending is told by `abort` alone')
  }
}

/** Undefined for what is asked for no request of a client. */
export const askerOf = (signal: AbortSignal | undefined): Asker | undefined =>
  signal instanceof Ending ? signal.asker : undefined

/** Whom a driver tells of bytes that arrive for a call. */
export const arrivedOf = (signal: AbortSignal | undefined): Arrived | undefined =>
  signal instanceof Ending ? signal.arrived : undefined
