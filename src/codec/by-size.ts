/** By JavaScript's own order: of texts by code units, which is that of the bytes where all are ASCII. */
export const bySize = <T extends string | bigint>(a: T, b: T): number => (a < b ? -1 : a > b ? 1 : 0)
