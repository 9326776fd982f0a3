/** Events that are kept in mind at most: what they are told by may come from outside. */
const mostKept = 1_000

/** Lets each event be told at most once in a time, in milliseconds: an outage is one event, not one a request. */
export class Seldom {
  readonly #quietMs: number
  readonly #told = new Map<string, { readonly at: number; held: number }>()

  constructor(quietMs: number) {
    this.#quietMs = quietMs
  }

  /** How many were held back since the last one was told; null where this one is held back. */
  due(key: string): number | null {
    const told = this.#told.get(key)
    if (told && performance.now() - told.at < this.#quietMs) {
      told.held++
      return null
    }
    if (!told && this.#told.size === mostKept) this.#told.delete(this.#told.keys().next().value!) // the oldest
    this.#told.set(key, { at: performance.now(), held: 0 })
    return told?.held ?? 0
  }
}

/** Behind the text of an event. */
export const heldBack = (count: number): string => (count > 0 ? `; ${count} more since it was told last` : '')
