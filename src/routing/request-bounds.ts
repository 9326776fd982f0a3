import { PastLimit } from './past-limit.ts'
import type { ReadLimits } from './read-limits.ts'

const tooMuch = (limit: keyof ReadLimits, asked: number, what: string): PastLimit =>
  new PastLimit(limit, asked, `The request asks ${what}`, 'Ask for less, or in several requests.')

/** Records of a page, those of all pages of a level, the rows of a by-hand list; 1 for a single value. */
function membersOf(result: unknown): number {
  if (Array.isArray(result)) return result.length
  if (!(result instanceof Map)) return 1
  let members = 0
  for (const each of result.values()) members += Array.isArray(each) ? each.length : 1
  return members
}

/** Counts what one request asks of the stores and gets from them: what cannot be told from its document. */
export class RequestBounds {
  readonly #limits: ReadLimits
  #statements = 0
  #records = 0

  constructor(limits: ReadLimits) {
    this.#limits = limits
  }

  /** One more statement. @throws BAD_USER_INPUT past the limit. */
  ask(): void {
    const { statements } = this.#limits
    if (++this.#statements > statements)
      throw tooMuch('statements', this.#statements, `the stores more than ${statements} times`)
  }

  /** What a statement returned. @throws BAD_USER_INPUT past the limit. */
  returned(result: unknown): void {
    const { records } = this.#limits
    this.#records += membersOf(result)
    if (this.#records > records) throw tooMuch('records', this.#records, `for more than ${records} records`)
  }
}
