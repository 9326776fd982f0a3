import { type Origin, origins } from '../util/origin.ts'
import type { Ledgers } from './flag-store.ts'
import { announce, type Instance, withdraw } from './instances.ts'

const intervalMs = 1_000

/** Tells each store that this gateway is alive, and what it acknowledges: neither store waits for the other. */
export class Heartbeat {
  readonly #ledgers: Ledgers
  readonly #present: () => Instance
  readonly #telling = new Map<Origin, Promise<void>>()
  readonly #again = new Set<Origin>()
  #timer: NodeJS.Timeout | undefined

  constructor(ledgers: Ledgers, present: () => Instance) {
    this.#ledgers = ledgers
    this.#present = present
  }

  /** Resolves when each store that answers knows of this gateway. */
  async start(): Promise<void> {
    await this.beat()
    this.#timer = setInterval(() => void this.beat(), intervalMs).unref()
  }

  /** Tells it now, and once more where it is being told. Never rejects. */
  async beat(): Promise<void> {
    await Promise.all(origins.map((origin) => this.#tell(origin)))
  }

  /** One sign at a time: they must not pile up before a store that hangs. */
  #tell(origin: Origin): Promise<void> {
    const before = this.#telling.get(origin)
    if (before) {
      this.#again.add(origin)
      return before
    }
    const told = this.#tellOnce(origin).finally(() => this.#telling.delete(origin))
    this.#telling.set(origin, told)
    return told
  }

  async #tellOnce(origin: Origin): Promise<void> {
    do {
      this.#again.delete(origin)
      await announce(this.#ledgers[origin], this.#present()).catch(() => undefined)
    } while (this.#again.has(origin))
  }

  /** Gives no more signs of life; the last one holds until it is too old. */
  async stop(): Promise<void> {
    clearInterval(this.#timer)
    this.#again.clear()
    await Promise.all(this.#telling.values())
  }

  /** Stops, and tells movers that nothing of this gateway is under way any more: they need not wait for it. */
  async withdraw(): Promise<void> {
    await this.stop()
    await withdraw(this.#ledgers, this.#present().id)
  }
}
