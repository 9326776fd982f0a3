import type { Ledgers } from '../control/flag-store.ts'
import { awaitWithin, timedOut } from '../util/await-within.ts'
import { hashOf, listTokens, type Token } from './tokens.ts'

/** How long the stores are waited for, in milliseconds. */
const patienceMs = 1_000

/**
 * The tokens that are good, as the stores know them: a second after a token was revoked it is good no longer. While no
 * store answers those go on that were good last: the kill switch is needed most then.
 */
export class KnownTokens {
  readonly #ledgers: Ledgers
  readonly #freshMs: number
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
    try {
      const tokens = await awaitWithin(listTokens(this.#ledgers), patienceMs)
      if (tokens !== timedOut) this.#byHash = new Map(tokens.map((token) => [token.hash, token]))
    } catch {
      // Those that were good last
    } finally {
      this.#readAt = performance.now()
      this.#reading = undefined
    }
  }
}
