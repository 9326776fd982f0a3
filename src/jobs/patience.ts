import { setTimeout as sleep } from 'node:timers/promises'
import { tellsOfTrouble } from '../stores/failure.ts'
import { messageOf } from '../util/errors.ts'

/** How often something is tried where a store is in trouble, each time after twice as long: half a minute of waits. */
const maxTries = 6
const firstWaitMs = 1_000

export interface PatienceOptions {
  readonly stores: Parameters<typeof tellsOfTrouble>[0]
  /** What the lines begin with. */
  readonly name: string
  readonly log?: ((line: string) => void) | undefined
  readonly signal?: AbortSignal | undefined
  /** Before the second try, in milliseconds; default 1,000. */
  readonly retryMs?: number | undefined
  /** Called before each try but the first. */
  readonly onRetry?: (() => void) | undefined
}

/** Waits with a store that is in trouble, for one job at a time. */
export class Patience {
  readonly #options: PatienceOptions
  #tries = 1

  constructor(options: PatienceOptions) {
    this.#options = options
  }

  /** It went well: the next fault is the first again. */
  over(): void {
    this.#tries = 1
  }

  /** Waits until what failed may be tried again. @throws the error where it tells of no trouble, or was the last try's. */
  async wait(error: unknown): Promise<void> {
    const { stores, name, log, signal, retryMs = firstWaitMs, onRetry } = this.#options
    if (!tellsOfTrouble(stores, error) || this.#tries === maxTries) throw error
    const waitMs = retryMs * 2 ** (this.#tries++ - 1)
    log?.(`${name}: ${messageOf(error)}; try ${this.#tries} of ${maxTries} in ${waitMs / 1_000} s`)
    await sleep(waitMs, undefined, { signal })
    onRetry?.()
  }
}

/** What has no effect before its end, tried again as long as there is patience. */
export async function patiently<T>(options: PatienceOptions, work: () => Promise<T>): Promise<T> {
  for (const patience = new Patience(options); ; ) {
    try {
      return await work()
    } catch (error) {
      await patience.wait(error)
    }
  }
}

/** What a part may hold, in bytes. */
const partBytes = 8 * 1024 * 1024

/**
 * Does likewise with a list: all at once, and in parts of half as many each time that a store is in trouble.
 *
 * @param work of which the bytes that a part has held may be returned: parts shrink where they are heavy, and grow where
 * they are light.
 * @param first values of the first part; default: all.
 */
export async function inPartsPatiently<V>(
  options: PatienceOptions,
  values: readonly V[],
  work: (part: readonly V[]) => Promise<number | undefined>,
  first = values.length,
): Promise<void> {
  const patience = new Patience(options)
  let size = first
  for (let at = 0; at < values.length; ) {
    try {
      const bytes = await work(values.slice(at, at + size))
      at += size
      if (bytes !== undefined) size = bytes > partBytes ? Math.ceil(size / 2) : bytes < partBytes / 4 ? size * 2 : size
      patience.over()
    } catch (error) {
      await patience.wait(error)
      size = Math.ceil(size / 2)
    }
  }
}
