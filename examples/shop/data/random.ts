/** Choices that are the same each time. */
export interface Random {
  /** A whole number, both ends included. */
  between(low: number, high: number): number
  pick<T>(list: readonly T[]): T
  /** True for one in so many. */
  oneIn(many: number): boolean
}

/** One stream of a seed. Source: mulberry32 by Tommy Ettinger, public domain. */
export function randomFrom(seed: number, stream: number): Random {
  let state = (Math.imul(seed, 0x9e3779b1) ^ Math.imul(stream, 0x85ebca6b)) | 0
  function between(low: number, high: number): number {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    const fraction = ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
    return low + Math.floor(fraction * (high - low + 1))
  }
  return {
    between,
    pick: <T>(list: readonly T[]) => list[between(0, list.length - 1)]!,
    oneIn: (many) => between(1, many) === 1,
  }
}
