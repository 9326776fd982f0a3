/** Counts by what they are about; keys are equal by their JSON text. */
export class Tally<K extends object> {
  readonly #counts = new Map<string, { readonly key: K; count: number }>()

  add(key: K, count = 1): void {
    const text = JSON.stringify(key)
    const known = this.#counts.get(text)
    if (known) known.count += count
    else this.#counts.set(text, { key, count })
  }

  absorb(other: Tally<K>): void {
    for (const { key, count } of other.#counts.values()) this.add(key, count)
  }

  rows(): (K & { readonly count: number })[] {
    return [...this.#counts.values()].map(({ key, count }) => ({ ...key, count }))
  }
}
