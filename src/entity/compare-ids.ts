import type { Entity, Id, IdKinds } from './entity.ts'

/** Code units of surrogates stand below those from U+E000 on, though what they encode stands above. */
const inCodePoints = (unit: number): number => (unit < 0xd800 ? unit : unit < 0xe000 ? unit + 0x2000 : unit - 0x800)

function byCodePoint(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let index = 0; index < length; index++) {
    const [one, other] = [a.charCodeAt(index), b.charCodeAt(index)]
    if (one !== other) return inCodePoints(one) - inCodePoints(other)
  }
  return a.length - b.length
}

const byText = (a: Id, b: Id): number => (a < b ? -1 : a > b ? 1 : 0)

const orders: Readonly<Record<keyof IdKinds, (a: Id, b: Id) => number>> = {
  objectId: byText, // hex digits
  uuid: byText,
  text: (a, b) => byCodePoint(String(a), String(b)),
  int: (a, b) => Number(a) - Number(b),
}

/**
 * The order of ids in both stores: numbers by value, texts by code points, as MongoDB has them without a collation and
 * PostgreSQL under `COLLATE "C"`. JavaScript's own order is by UTF-16 code units.
 */
export const compareIds = ({ idKind }: Entity): ((a: Id, b: Id) => number) => orders[idKind]
