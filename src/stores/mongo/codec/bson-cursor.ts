import { isUtf8 } from 'node:buffer'

/** Reads BSON from its beginning on, as it is stored. */
export class BsonCursor {
  readonly #bytes: Buffer
  #at = 0
  /** False once a text was not UTF-8: U+FFFD stands in the place of what is none. */
  isSound = true

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  take(length: number): Buffer {
    if (length < 0 || this.#at + length > this.#bytes.length) throw new RangeError('BSON ends in the middle of a value')
    this.#at += length
    return this.#bytes.subarray(this.#at - length, this.#at)
  }

  byte = (): number => this.take(1).readUInt8()
  int32 = (): number => this.take(4).readInt32LE()
  uint32 = (): number => this.take(4).readUInt32LE()
  int64 = (): bigint => this.take(8).readBigInt64LE()

  #text(bytes: Buffer): string {
    this.isSound &&= isUtf8(bytes)
    return bytes.toString('utf8')
  }

  /** A text that ends with NUL: names, and the parts of a regular expression. */
  cstring(): string {
    const text = this.#text(this.take(this.#bytes.indexOf(0, this.#at) - this.#at))
    this.take(1)
    return text
  }

  /** A text behind its length. */
  string(): string {
    const text = this.#text(this.take(this.int32() - 1))
    this.take(1)
    return text
  }
}
