/** Bytes up to which a holding is small. */
export const small = 8_192

/** Bytes up to which it is of middle size. */
const middle = 262_144

/** Sizes from the largest, each with the part of the room that it and those before it may take: smaller ones find some left. */
const sizes = [
  { above: middle, share: 0.6 },
  { above: small, share: 0.8 },
  { above: -1, share: 1 },
] as const

interface Sized {
  readonly bytes: number
}

/** How many bytes the holdings of each size have, together. */
export class BySize {
  readonly #bytes: number[]

  constructor(bytes: readonly number[] = sizes.map(() => 0)) {
    this.#bytes = [...bytes]
  }

  copy(): BySize {
    return new BySize(this.#bytes)
  }

  add({ bytes }: Sized): void {
    this.#bytes[BySize.#of(bytes)]! += bytes
  }

  take({ bytes }: Sized): void {
    this.#bytes[BySize.#of(bytes)]! -= bytes
  }

  /** Whether those of the size that so many bytes have, and all smaller ones, keep within their parts of the room. */
  keepWithin(room: number, bytes: number): boolean {
    const first = BySize.#of(bytes)
    let taken = 0
    for (const [size, { share }] of sizes.entries()) {
      taken += this.#bytes[size]!
      if (size >= first && taken > room * share) return false
      taken = Math.min(taken, room * share) // larger ones that grew past their part take none of theirs
    }
    return true
  }

  static #of(bytes: number): number {
    return sizes.findIndex(({ above }) => bytes > above)
  }
}
