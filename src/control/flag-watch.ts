import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CrossfadeError, messageOf } from '../util/errors.ts'
import { type Origin, origins } from '../util/origin.ts'
import { type Flag, flagKind, parseFlag } from './flag.ts'
import { authorityOf, type Ledgers, newer } from './flag-store.ts'

export interface WatchOptions {
  readonly types: readonly string[]
  readonly ledgers: Ledgers
  readonly dataDir: string
  readonly log: (level: 'info' | 'warn', message: string) => void
  /** Default 1,000 ms. */
  readonly intervalMs?: number
}

/** How long a store's copy may be unread before it permits no more writes, in milliseconds. */
const confirmationMs = 5_000

/**
 * Knows every type's flag. Both stores are read every second, each by itself: a store that is down blinds nobody to
 * the other's types. The newest flag seen is kept in a file, so that a gateway that starts while a store is down still
 * serves reads as before.
 */
export class FlagWatch {
  readonly #options: WatchOptions
  readonly #flags = new Map<string, Flag>()
  readonly #confirmed: Record<Origin, { at: number; flags: ReadonlyMap<string, Flag> }> = {
    mongo: { at: Number.NEGATIVE_INFINITY, flags: new Map() },
    postgres: { at: Number.NEGATIVE_INFINITY, flags: new Map() },
  }
  readonly #down = new Set<Origin>()
  readonly #listeners = new Set<(flags: ReadonlyMap<string, Flag>) => void>()
  #timer: NodeJS.Timeout | undefined
  #stopped = false

  constructor(options: WatchOptions) {
    this.#options = options
  }

  get #file(): string {
    return join(this.#options.dataDir, 'flags.json')
  }

  /** Types whose flag is not known: neither from the file nor from a store. */
  missing(): string[] {
    return this.#options.types.filter((type) => !this.#flags.has(type))
  }

  /**
   * Reads the file, then both stores. A type that is not known yet, since a store did not answer, may be later.
   *
   * @throws MISCONFIGURED where both answered and neither knows a type.
   */
  async start(): Promise<void> {
    this.#readFile()
    await this.refresh()
    const unknown = this.missing()
    if (unknown.length > 0 && this.#down.size === 0) {
      throw new CrossfadeError(
        'MISCONFIGURED',
        `No flag is known for ${unknown.join(', ')}. Run \`crossfade migrate up\`.`,
      )
    }
    this.#schedule()
  }

  #schedule(): void {
    this.#timer = setTimeout(() => {
      this.refresh().finally(() => {
        if (!this.#stopped) this.#schedule()
      })
    }, this.#options.intervalMs ?? 1_000)
    this.#timer.unref()
  }

  stop(): void {
    this.#stopped = true
    clearTimeout(this.#timer)
  }

  onChange(listener: (flags: ReadonlyMap<string, Flag>) => void): void {
    this.#listeners.add(listener)
  }

  /** Reads both stores now. Never rejects. */
  async refresh(): Promise<void> {
    const before = JSON.stringify([...this.#flags.values()])
    await Promise.all(origins.map((origin) => this.#read(origin)))
    if (JSON.stringify([...this.#flags.values()]) === before) return
    this.#writeFile()
    for (const listener of this.#listeners) listener(this.#flags)
  }

  async #read(origin: Origin): Promise<void> {
    const started = performance.now()
    try {
      const flags = new Map<string, Flag>()
      for (const { key, value } of await this.#options.ledgers[origin].list(flagKind)) {
        const flag = parseFlag(value)
        if (flag) flags.set(key, flag)
        else
          this.#options.log('warn', `The flag of ${key} in ${origin} is malformed; the last good one stays in force.`)
      }
      for (const [type, flag] of flags) this.#flags.set(type, newer(this.#flags.get(type) ?? null, flag)!)
      this.#confirmed[origin] = { at: started, flags }
      if (this.#down.delete(origin)) this.#options.log('info', `${origin} answers again.`)
    } catch (error) {
      if (!this.#down.has(origin)) this.#options.log('warn', `${origin} does not answer: ${messageOf(error)}`)
      this.#down.add(origin)
    }
  }

  /**
   * The flag in force for reads: the last one known.
   *
   * @throws UNAVAILABLE where no store has told one yet, MISCONFIGURED for a type that is none.
   */
  get(type: string): Flag {
    const flag = this.#flags.get(type)
    if (!flag && !this.#options.types.includes(type))
      throw new CrossfadeError('MISCONFIGURED', `${type} is not among the entities of crossfade.config.ts.`)
    if (!flag)
      throw new CrossfadeError('UNAVAILABLE', `${type} cannot be served yet: no data store has told its stage.`)
    return flag
  }

  /**
   * The flag under which a write may begin now: confirmed by the store that has authority, steady and of the highest
   * epoch seen. Null where there is none at the moment.
   */
  forWrite(type: string): Flag | null {
    const flag = this.get(type)
    if (flag.state !== 'steady') return null
    const { at, flags } = this.#confirmed[authorityOf(flag)]
    const own = flags.get(type)
    const fresh = performance.now() - at < confirmationMs
    return fresh && own?.epoch === flag.epoch && own.revision === flag.revision ? flag : null
  }

  has(type: string): boolean {
    return this.#flags.has(type)
  }

  isDown(origin: Origin): boolean {
    return this.#down.has(origin)
  }

  #readFile(): void {
    let text: string
    try {
      text = readFileSync(this.#file, 'utf8')
    } catch {
      return // a first start
    }
    try {
      const kept: unknown = JSON.parse(text)
      if (!Array.isArray(kept)) throw new Error('it holds no list of flags')
      for (const value of kept) {
        const flag = parseFlag(value)
        if (flag) this.#flags.set(flag.type, flag)
      }
    } catch (error) {
      this.#options.log('warn', `${this.#file} is not readable and is left out: ${messageOf(error)}`)
    }
  }

  #writeFile(): void {
    try {
      mkdirSync(this.#options.dataDir, { recursive: true })
      writeFileSync(`${this.#file}.new`, JSON.stringify([...this.#flags.values()]))
      renameSync(`${this.#file}.new`, this.#file) // whole or not at all
    } catch (error) {
      this.#options.log('warn', `The flags could not be kept in ${this.#file}: ${messageOf(error)}`)
    }
  }
}
