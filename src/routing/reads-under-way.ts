import { times } from '../control/times.ts'
import { StoreSilent, troubleOfRead } from '../stores/failure.ts'
import { Ending } from '../util/ending.ts'
import type { Origin } from '../util/origin.ts'
import type { Read } from './read.ts'
import type { Routing } from './routing.ts'

/** Reads of one request on their way to the stores: counted with those of all others, and ended where a store goes down. */
export class ReadsUnderWay {
  readonly #routing: Routing
  readonly #given: AbortSignal | undefined
  readonly #arrived: Ending['arrived']
  #signal: Ending | undefined
  readonly #signals = new Map<string, Ending>()
  readonly #ends: Partial<Record<Origin, Ending>> = {}
  readonly #typesEnds: Readonly<Record<Origin, Map<string, Ending>>> = { mongo: new Map(), postgres: new Map() }

  /**
   * @param signal ends what is asked: the client has left, or the request's time is over.
   * @param arrived see `Ending`.
   */
  constructor(routing: Routing, signal: AbortSignal | undefined, arrived?: Ending['arrived']) {
    this.#routing = routing
    this.#given = signal
    this.#arrived = arrived
  }

  /** The same that was given, which one listener hears for all reads. */
  get #all(): Ending | undefined {
    return (this.#signal ??= this.#given && Ending.with(this.#given, this.#arrived))
  }

  /** The same for what is asked of a type, whose turns it shares with others. */
  signalOf(type: string): AbortSignal | undefined {
    const all = this.#all
    return all && this.#forType(this.#signals, all, type)
  }

  #forType(known: Map<string, Ending>, all: Ending, type: string): Ending {
    let ending = known.get(type)
    if (!ending) known.set(type, (ending = Ending.with(all, all.arrived, { request: this, type })))
    return ending
  }

  /** @throws TRY_AGAIN where too many reads of clients wait for the store already. */
  async admitted<T>(origin: Origin, type: string, ask: () => Promise<T>): Promise<T> {
    this.#enter(origin, type)
    try {
      return await ask()
    } finally {
      this.#routing.readsUnderWay[origin].leave(type)
    }
  }

  #enter(origin: Origin, type: string): void {
    if (!this.#routing.readsUnderWay[origin].enter(type)) throw troubleOfRead('full', undefined)
  }

  /** Asks a store, and ends the call when the store goes down, or soon where it is. @throws like `admitted`. */
  async unlessDown<T>(origin: Origin, type: string, ask: Read<T>['ask']): Promise<T> {
    const { flags, stores, readsUnderWay } = this.#routing
    this.#enter(origin, type)
    const ends = this.#endsOf(origin)
    const end = (): void => ends.abort(new StoreSilent(origin))
    const forget = flags.onDown(origin, end)
    // Where both are down, one of them may be late only: this one is not waited for until its calls time out
    const late = flags.isDown(origin) ? setTimeout(end, times.probe) : undefined
    try {
      return await ask(stores[origin], this.#forType(this.#typesEnds[origin], ends, type))
    } finally {
      forget()
      clearTimeout(late)
      readsUnderWay[origin].leave(type)
    }
  }

  /** One for all reads of the request: what a store did not answer is not asked of it again. */
  #endsOf(origin: Origin): Ending {
    const known = this.#ends[origin]
    if (known) return known
    const all = this.#all
    return (this.#ends[origin] = all ? Ending.with(all) : new Ending(this.#arrived))
  }
}
