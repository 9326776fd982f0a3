import type { HeldRecords } from './held-records.ts'
import { PastLimit } from './past-limit.ts'
import type { ReadLimits } from './read-limits.ts'

const tooMuch = (limit: keyof ReadLimits, asked: number, what: string): PastLimit =>
  new PastLimit(limit, asked, `The request asks ${what}`, 'Ask for less, or in several requests.')

/** Records of a page, the rows of a by-hand list; 1 for a single value. */
const membersOf = (result: unknown): number => (Array.isArray(result) ? result.length : 1)

/** Counts what one request asks of the stores and what its answer gets: what cannot be told from its document. */
export class RequestBounds {
  readonly #limits: ReadLimits
  readonly #held: HeldRecords | undefined
  #statements = 0
  #records = 0
  #bytes = 0
  /** One for all that are past it: making an error takes longer than handing out a record, and parents may be many. */
  #tooMany: PastLimit | undefined
  #tooLarge: PastLimit | undefined

  /** @param held counts them with those of other requests. */
  constructor(limits: ReadLimits, held?: HeldRecords) {
    this.#limits = limits
    this.#held = held
  }

  /** One more statement. @throws BAD_USER_INPUT past the limit. */
  ask(): void {
    const { statements } = this.#limits
    if (++this.#statements > statements)
      throw tooMuch('statements', this.#statements, `the stores more than ${statements} times`)
  }

  /** So many more bytes from a store. @throws as `handOut`; TRY_AGAIN where all requests together hold too many. */
  arrived(bytes: number): void {
    const { recordBytes } = this.#limits
    this.#bytes += bytes
    if (this.#bytes > recordBytes)
      throw (this.#tooLarge ??= tooMuch('recordBytes', this.#bytes, `for more than ${recordBytes} bytes of records`))
    this.#held?.add(bytes)
  }

  /** @throws the same where too many have arrived: what is asked then would be thrown away. */
  checkArrived(): void {
    if (this.#tooLarge) throw this.#tooLarge
  }

  /** Bytes that have arrived so far. */
  get bytes(): number {
    return this.#bytes
  }

  /** What a statement returned for one place of the answer. @throws as `handOut`. */
  returned(result: unknown): void {
    this.handOut(membersOf(result))
  }

  /** So many more records, ids or values for the answer. @throws BAD_USER_INPUT past the limit, and ever after. */
  handOut(count: number): void {
    const { records } = this.#limits
    this.#records += count
    if (this.#records > records)
      throw (this.#tooMany ??= tooMuch('records', this.#records, `for more than ${records} records`))
  }
}
