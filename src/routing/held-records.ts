import { PastLimit } from './past-limit.ts'

const fact = 'The requests under way hold as many records as the gateway takes'

/** The part of the room that requests may take which hold more than this, in bytes: those that ask little find some. */
const [share, small] = [0.8, 100_000]

/** Bytes of records that all requests hold which are under way. */
export class AllRecords {
  readonly most: number
  bytes = 0

  constructor(most: number) {
    this.most = most
  }
}

/** Those of one request. */
export class HeldRecords {
  readonly #all: AllRecords
  #bytes = 0
  #isReleased = false

  constructor(all: AllRecords) {
    this.#all = all
  }

  /** For another operation of whoever asks, such as the next event of a stream. */
  anew(): HeldRecords {
    return new HeldRecords(this.#all)
  }

  /** So many more have arrived. @throws TRY_AGAIN where they are too many; they count all the same until the release. */
  add(bytes: number): void {
    if (this.#isReleased) return // of a call that has ended, and tells of it late
    this.#bytes += bytes
    this.#all.bytes += bytes
    if (this.#all.bytes > this.#all.most * (this.#bytes > small ? share : 1))
      throw new PastLimit('allRecordBytes', this.#all.bytes, fact, 'Try again later.', 'TRY_AGAIN')
  }

  /** The request has been answered. */
  release(): void {
    this.#all.bytes -= this.#bytes
    this.#bytes = 0
    this.#isReleased = true
  }
}
