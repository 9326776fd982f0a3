/** Numbers that look random and are the same each time for the same seed and stream. */
export interface Random {
  /** At least 0, below 1. */
  fraction(): number
  /** A whole number, both ends included. */
  between(low: number, high: number): number
  /** True about this share of the time, 0 to 1. */
  chance(share: number): boolean
  pick<T>(list: readonly T[]): T
  /** A shuffled copy. */
  shuffle<T>(list: readonly T[]): T[]
  /** Different members of the list, in random order; all of them when the list is shorter than `count`. */
  sample<T>(list: readonly T[], count: number): T[]
}

/**
 * A generator for one stream of a seed; each collection has its own, so that a change to one leaves the others alone.
 * Source: mulberry32 by Tommy Ettinger, public domain. Only integer steps and one division, which give the same
 * result on every engine.
 */
export function randomFrom(seed: number, stream: number): Random {
  let state = (Math.imul(seed, 0x9e3779b1) ^ Math.imul(stream, 0x85ebca6b)) | 0

  function fraction(): number {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }

  const between = (low: number, high: number) => low + Math.floor(fraction() * (high - low + 1))

  function shuffle<T>(list: readonly T[]): T[] {
    const copy = [...list]
    for (let last = copy.length - 1; last > 0; last--) {
      const other = between(0, last)
      const held = copy[last]!
      copy[last] = copy[other]!
      copy[other] = held
    }
    return copy
  }

  return {
    fraction,
    between,
    chance: (share) => fraction() < share,
    pick: <T>(list: readonly T[]) => list[between(0, list.length - 1)]!,
    shuffle,
    sample: <T>(list: readonly T[], count: number) => shuffle(list).slice(0, count),
  }
}
