import { CrossfadeError } from '../util/errors.ts'

/** A change of a flag that somebody has asked for at this port. */
export interface Move {
  /** Of the flag. */
  readonly key: string
  readonly by: string
  readonly startedAt: Date
  /** What it tells while it is under way. */
  readonly lines: readonly string[]
  /** Null while it is under way. */
  readonly endedAt: Date | null
  /** Why it was not made. */
  readonly error: string | null
}

/** Those that are told of behind their end. */
const mostKept = 20

/** A move may take a minute: whoever asks for it looks how it goes. Another gateway ends one whose own has gone. */
export class Moves {
  readonly #failed: (move: Move, error: unknown) => string
  readonly #moves: { -readonly [K in keyof Move]: Move[K] }[] = []

  /** @param failed what an error says to whoever asked. */
  constructor(failed: (move: Move, error: unknown) => string) {
    this.#failed = failed
  }

  /** The newest first. */
  list(): readonly Move[] {
    return this.#moves.toReversed()
  }

  /** @param work is given what takes a line. @throws TRY_AGAIN while another one of the flag is under way here. */
  start(key: string, by: string, work: (tell: (line: string) => void) => Promise<void>): Move {
    if (this.#moves.some((each) => each.key === key && each.endedAt === null))
      throw new CrossfadeError('TRY_AGAIN', `${key} is being changed; see how that ends, and try again.`)
    const lines: string[] = []
    const move = { key, by, startedAt: new Date(), lines, endedAt: null as Date | null, error: null as string | null }
    this.#moves.push(move)
    if (this.#moves.length > mostKept) {
      const ended = this.#moves.findIndex(({ endedAt }) => endedAt !== null)
      if (ended >= 0) this.#moves.splice(ended, 1)
    }
    const end = (error: string | null): void => {
      move.endedAt = new Date()
      move.error = error
    }
    work((line) => void lines.push(line)).then(
      () => end(null),
      (error) => end(this.#failed(move, error)),
    )
    return move
  }
}
