/** Wrong tokens that one address may send within a minute, and addresses that are counted at most. */
const [most, windowMs, mostAddresses] = [20, 60_000, 10_000]

/** Counts what one address has tried in vain: whoever tries one after the other is told to wait. */
export class WrongTokens {
  readonly #tries = new Map<string, { count: number; readonly since: number }>()

  areMany(address: string): boolean {
    const tries = this.#tries.get(address)
    if (!tries) return false
    if (performance.now() - tries.since <= windowMs) return tries.count > most
    this.#tries.delete(address)
    return false
  }

  add(address: string): void {
    const tries = this.#tries.get(address)
    if (tries) tries.count++
    else {
      if (this.#tries.size >= mostAddresses) this.#tries.delete(this.#tries.keys().next().value!)
      this.#tries.set(address, { count: 1, since: performance.now() })
    }
  }
}
