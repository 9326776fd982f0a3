/** Bytes below which a holding is small. */
export const small = 8_192

/** The part of the room that holdings which are not small may take: those that are find some whatever others ask for. */
const share = 0.8

/** How long a client may keep its bytes where there is no room for another one's, in milliseconds. */
const patienceMs = 5_000

/** What one client makes the gateway hold. */
interface Holding {
  readonly bytes: number
  /** Since when, by the monotonic clock, in milliseconds. */
  readonly since: number
}

/** Bytes that clients make the gateway hold, over all connections: their sum is bounded. */
export class Held<Of extends { destroy(): unknown }> {
  readonly #room: number
  readonly #patienceMs: number
  readonly #holdings = new Map<Of, Holding>()
  #bytes = 0

  /** @param room bytes. @param patience see `patienceMs`. */
  constructor(room: number, patience = patienceMs) {
    this.#room = room
    this.#patienceMs = patience
  }

  get isEmpty(): boolean {
    return this.#holdings.size === 0
  }

  [Symbol.iterator](): Iterator<readonly [of: Of, holding: Holding]> {
    return this.#holdings[Symbol.iterator]()
  }

  /** How many bytes one holds now. @param since where its time does not go on. */
  set(of: Of, bytes: number, since = this.#holdings.get(of)?.since ?? performance.now()): void {
    this.#bytes += bytes - (this.#holdings.get(of)?.bytes ?? 0)
    this.#holdings.set(of, { bytes, since })
  }

  delete(of: Of): void {
    this.#bytes -= this.#holdings.get(of)?.bytes ?? 0
    this.#holdings.delete(of)
  }

  /** Whether there is room for so many more. Where there is none, those are cut off who have kept theirs for long. */
  fits(bytes: number): boolean {
    const room = this.#room * (bytes > small ? share : 1) - bytes
    if (this.#bytes <= room) return true
    const before = performance.now() - this.#patienceMs
    for (const [of, { bytes: held, since }] of this.#holdings) {
      if (held === 0 || since > before) continue
      this.delete(of)
      of.destroy()
      if (this.#bytes <= room) return true
    }
    return false
  }
}
