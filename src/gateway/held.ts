import { BySize } from './by-size.ts'

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
  readonly #taken = new BySize()

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
    const known = this.#holdings.get(of)
    if (known) this.#taken.take(known)
    this.#taken.add({ bytes })
    this.#holdings.set(of, { bytes, since })
  }

  delete(of: Of): void {
    const known = this.#holdings.get(of)
    if (known) this.#taken.take(known)
    this.#holdings.delete(of)
  }

  /**
   * Whether there is room for a holding. Where there is none, those are cut off who have kept theirs for long, the largest
   * first, as many as make room for it, and nobody where that would not.
   *
   * @param bytes all that it would have. @param of whose it is, where it holds a part of them already.
   */
  fits(bytes: number, of?: Of): boolean {
    const after = this.#taken.copy()
    const known = of && this.#holdings.get(of)
    if (known) after.take(known)
    after.add({ bytes })
    if (after.keepWithin(this.#room, bytes)) return true
    const cut: Of[] = []
    for (const [each, holding] of this.#pastPatience()) {
      if (each === of) continue
      after.take(holding)
      cut.push(each)
      if (!after.keepWithin(this.#room, bytes)) continue
      for (const one of cut) this.#cutOff(one)
      return true
    }
    return false
  }

  #pastPatience(): (readonly [of: Of, holding: Holding])[] {
    const before = performance.now() - this.#patienceMs
    return [...this.#holdings].filter(([, { since }]) => since <= before).sort(([, a], [, b]) => b.bytes - a.bytes)
  }

  #cutOff(of: Of): void {
    this.delete(of)
    of.destroy()
  }
}
