import { intKind } from './int.ts'
import { longKind } from './long.ts'
import { objectIdKind } from './object-id.ts'
import { textKind } from './text.ts'
import { timestampKind } from './timestamp.ts'
import { uuidKind } from './uuid.ts'

/** What a part of each kind is to an application. */
export interface PartTypes {
  readonly text: string
  readonly int: number
  readonly long: bigint
  readonly uuid: string
  readonly objectId: string
  readonly timestamp: Date
}

export type PartKind = keyof PartTypes

/** The parts of an id by name, in the order in which they stand in the document. */
export type IdParts = Readonly<Record<string, PartKind>>

/** What an id of these parts says. */
export type PartValues<P extends IdParts> = { readonly [N in keyof P]: PartTypes[P[N]] }

/**
 * One part as bytes, ordered as its values are, of which none begins another: as FoundationDB's tuple layer has it, but for
 * its type codes, since all ids of an entity have parts of the same kinds.
 * Source: FoundationDB, design/tuple.md
 */
interface PartCodec<T> {
  /** @throws BAD_USER_INPUT for a value of another kind. */
  write(value: unknown): Buffer
  /** The part at the start of the bytes; of bytes that are none, some value that is written otherwise, or not at all. */
  read(bytes: Buffer): { readonly value: T; readonly length: number }
}

/** Negative numbers before the others: as unsigned ones of 64 bits, from the least on. */
const bias = 2n ** 63n

function writeWhole(value: bigint): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(value + bias)
  return bytes
}

const readWhole = (bytes: Buffer): bigint => (bytes.length < 8 ? 0n : bytes.readBigUInt64BE() - bias)

const ofHex = (
  digits: number,
  parse: (value: unknown) => string,
  show: (hex: string) => string,
): PartCodec<string> => ({
  write: (value) => Buffer.from(parse(value).replaceAll('-', ''), 'hex'),
  read: (bytes) => ({ value: show(bytes.toString('hex', 0, digits / 2)), length: digits / 2 }),
})

const withHyphens = (hex: string): string => hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')

export const partCodecs: { readonly [K in PartKind]: PartCodec<PartTypes[K]> } = {
  // Up to a NUL, which no text of ours holds: it sorts a text before those that it begins
  text: {
    write: (value) => Buffer.from(`${textKind.parse(value)}\0`),
    read: (bytes) => {
      const end = bytes.indexOf(0)
      return { value: bytes.toString('utf8', 0, Math.max(0, end)), length: end + 1 }
    },
  },
  int: {
    write: (value) => writeWhole(BigInt(intKind.parse(value))),
    read: (bytes) => ({ value: Number(readWhole(bytes)), length: 8 }),
  },
  long: {
    write: (value) => writeWhole(longKind.parse(value)),
    read: (bytes) => ({ value: readWhole(bytes), length: 8 }),
  },
  timestamp: {
    write: (value) => writeWhole(BigInt(timestampKind.parse(value).getTime())),
    read: (bytes) => ({ value: new Date(Number(readWhole(bytes))), length: 8 }),
  },
  uuid: ofHex(32, uuidKind.parse, withHyphens),
  objectId: ofHex(24, objectIdKind.parse, (hex) => hex),
}
