/** Reads of clients that a store is asked at a time, those that wait for a connection included; of one type. */
const [most, mostOfType] = [1_000, 800]

/** Counts what clients ask of one store. A type that stands still, as its table is locked, leaves room for others. */
export class Admitted {
  readonly #ofType = new Map<string, number>()
  count = 0

  /** False where there are too many; then it does not count. */
  enter(type: string): boolean {
    const known = this.#ofType.get(type) ?? 0
    if (this.count >= most || known >= mostOfType) return false
    this.#ofType.set(type, known + 1)
    this.count++
    return true
  }

  leave(type: string): void {
    this.#ofType.set(type, this.#ofType.get(type)! - 1)
    this.count--
  }
}
