/** Parts of a window that are forgotten one by one. */
const parts = 30

interface Part {
  readonly at: number
  total: number
  failed: number
}

/** Counts over the last so many milliseconds, to a thirtieth of them. */
export class RollingCounts {
  readonly #partMs: number
  readonly #parts: Part[] = []

  constructor(windowMs: number) {
    this.#partMs = windowMs / parts
  }

  add(failed: boolean): void {
    const at = Math.floor(performance.now() / this.#partMs)
    let part = this.#parts.at(-1)
    if (part?.at !== at) {
      this.#parts.push((part = { at, total: 0, failed: 0 }))
      while (this.#parts[0]!.at <= at - parts) this.#parts.shift()
    }
    part.total++
    if (failed) part.failed++
  }

  /** As of the last one that was added. */
  get sum(): { readonly total: number; readonly failed: number } {
    const sum = { total: 0, failed: 0 }
    for (const { total, failed } of this.#parts) {
      sum.total += total
      sum.failed += failed
    }
    return sum
  }
}
