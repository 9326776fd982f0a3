import type { Ledgers } from '../control/flag-store.ts'
import { awaitWithin, timedOut } from '../util/await-within.ts'
import { type Origin, origins } from '../util/origin.ts'
import { hashOf, merged, type Token, tokensIn } from './tokens.ts'

/** How long each store is waited for, in milliseconds: a driver tells later than this that there is no server. */
const patienceMs = 1_000

/**
 * The tokens that are good, as the stores know them: a second after a token was revoked it is good no longer. Of a store
 * that does not answer what it said last counts: the kill switch is needed most then.
 */
export class KnownTokens {
  readonly #ledgers: Ledgers
  readonly #freshMs: number
  readonly #lists = new Map<Origin, readonly Token[]>()
  #byHash: ReadonlyMap<string, Token> = new Map()
  #readAt = Number.NEGATIVE_INFINITY
  #reading: Promise<void> | undefined

  /** @param freshMs how old what is known may be, in milliseconds. */
  constructor(ledgers: Ledgers, freshMs = 1_000) {
    this.#ledgers = ledgers
    this.#freshMs = freshMs
  }

  /** Null where it is none, revoked, or too old. */
  async find(secret: string): Promise<Token | null> {
    if (performance.now() - this.#readAt > this.#freshMs) await (this.#reading ??= this.#read())
    // Looked up by its hash: what a comparison of two secrets would tell by its time nobody learns
    const token = this.#byHash.get(hashOf(secret))
    return token && token.revokedAt === null && token.until.getTime() > Date.now() ? token : null
  }

  async #read(): Promise<void> {
    await Promise.all(origins.map((origin) => this.#readOne(origin)))
    this.#byHash = new Map(merged([...this.#lists.values()].flat()).map((token) => [token.hash, token]))
    this.#readAt = performance.now()
    this.#reading = undefined
  }

  /** Never rejects. */
  async #readOne(origin: Origin): Promise<void> {
    const found = await awaitWithin(
      tokensIn(this.#ledgers[origin]).catch(() => null),
      patienceMs,
    )
    if (found !== timedOut && found !== null) this.#lists.set(origin, found)
  }
}
