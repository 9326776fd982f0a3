/** Counts documents: each once, however often it is met. */
export class Counter {
  #last = -1
  count = 0

  /** @param document its number; documents are met one after the other. */
  add(document: number): void {
    if (this.#last === document) return
    this.#last = document
    this.count++
  }
}
