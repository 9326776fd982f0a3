import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Entity } from '../entity/entity.ts'
import { STAGE_PLAN } from '../stage/stage.ts'
import { CrossfadeError, messageOf } from '../util/errors.ts'
import { type Origin, origins } from '../util/origin.ts'
import { type Flag, flagJson, parseFlag } from './flag.ts'
import { authorityOf, type Ledgers, newer, noFlag } from './flag-store.ts'
import { FormatWatch } from './format-watch.ts'
import { disagreements, flagsByType } from './groups.ts'
import { type Sign, withdraw } from './instances.ts'
import type { Killing } from './killed-by-stores.ts'
import { isOlder } from './lost-flag.ts'
import { Registration } from './registration.ts'
import { StoreWatch } from './store-watch.ts'
import { times } from './times.ts'

export interface WatchOptions {
  /** Names this instance in both stores. */
  readonly id: string
  /** What it tells with each sign of life, of the types whose flags are known. */
  readonly sign: () => Sign
  readonly entities: readonly Pick<Entity, 'name' | 'group'>[]
  readonly ledgers: Ledgers
  readonly dataDir: string
  readonly log: (level: 'info' | 'warn', message: string) => void
  /** Between two looks, in milliseconds; default: see `times`. */
  readonly intervalMs?: number
  /** A store that answers a look later than this is down for reads, in milliseconds; default: see `times`. */
  readonly probeMs?: number
  /** Called with what a store says of the kill switch, as often as it is looked at. */
  readonly onKilled?: (found: ReadonlyMap<string, Killing>) => void
  /** Called when a look has failed. */
  readonly onSilent?: (origin: Origin) => void
  /** Called when a store answers, for the first time or again. */
  readonly onAnswer?: (origin: Origin) => void
  /** Called when a store knows less than it has acknowledged. */
  readonly onLess?: (origin: Origin) => void
}

/**
 * Knows every type's flag. Each store has a watch of its own: a store that is down blinds nobody to the other's types.
 * The newest flag seen is kept in a file, so that a gateway that starts while a store is down still serves reads as
 * before.
 */
export class FlagWatch {
  readonly #options: WatchOptions
  /** By their keys. */
  readonly #flags = new Map<string, Flag>()
  /** The same by the types that go by them. */
  #byType: ReadonlyMap<string, Flag> = new Map()
  #disagreements: ReadonlyMap<string, string> = new Map()
  readonly #registrations: Readonly<Record<Origin, Registration>>
  readonly #watches: Readonly<Record<Origin, StoreWatch>>
  /** Learns with each look in which format the flags are kept. */
  readonly formats: FormatWatch

  constructor(options: WatchOptions) {
    this.#options = options
    const { id, ledgers, log, intervalMs = times.flagInterval, probeMs = times.probe } = options
    this.formats = new FormatWatch(log)
    const registered = (origin: Origin) =>
      new Registration(ledgers[origin], id, options.sign, () => options.onLess?.(origin))
    this.#registrations = { mongo: registered('mongo'), postgres: registered('postgres') }
    const watch = (origin: Origin): StoreWatch =>
      new StoreWatch({
        origin,
        ledger: ledgers[origin],
        registration: this.#registrations[origin],
        log,
        intervalMs,
        probeMs,
        onFlags: (flags) => this.#learn(flags),
        onFormat: (found) => this.formats.learn(origin, found),
        onKilled: (found) => options.onKilled?.(found),
        onSilent: () => options.onSilent?.(origin),
        onAnswer: () => options.onAnswer?.(origin),
      })
    this.#watches = { mongo: watch('mongo'), postgres: watch('postgres') }
  }

  get #file(): string {
    return join(this.#options.dataDir, 'flags.json')
  }

  /** Types whose flag is not known: neither from the file nor from a store. */
  missing(): string[] {
    return this.#options.entities.flatMap(({ name }) => (this.has(name) ? [] : [name]))
  }

  /** A line for each type of which the mapping and the stores say otherwise with which others it changes. */
  get disagreements(): readonly string[] {
    return [...this.#disagreements.values()]
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
    if (unknown.length > 0 && !origins.some((origin) => this.isDown(origin))) {
      throw noFlag(...unknown)
    }
    for (const origin of origins) this.#watches[origin].start()
  }

  /** Looks no more, and gives no more signs of life: the last ones hold until they are too old. */
  async stop(): Promise<void> {
    for (const origin of origins) this.#watches[origin].stop()
    await Promise.all(origins.map((origin) => this.#registrations[origin].end()))
  }

  /** Stops, and tells movers that nothing of this instance is under way any more: they need not wait for it. */
  async withdraw(): Promise<void> {
    const { ledgers, id } = this.#options
    for (const origin of origins) this.#watches[origin].stop()
    const gone = origins.map((origin) => this.#registrations[origin].end().then(() => withdraw(ledgers[origin], id)))
    await Promise.allSettled(gone)
  }

  /**
   * Tells the stores what is acknowledged by now. Never rejects. One that does not know of us yet waits for nothing of
   * ours, and may be none that we may write to.
   */
  async acknowledge(): Promise<void> {
    const known = origins.map((origin) => this.#registrations[origin]).filter(({ isKnown }) => isKnown)
    await Promise.allSettled(known.map((registration) => registration.renew()))
  }

  /** Reads both stores now. Never rejects. */
  async refresh(): Promise<void> {
    await Promise.all(origins.map((origin) => this.#watches[origin].look()))
  }

  #learn(flags: ReadonlyMap<string, Flag>): void {
    let changed = false
    for (const [type, flag] of flags) {
      const known = this.#flags.get(type) ?? null
      if (newer(known, flag) === known) continue
      this.#flags.set(type, flag)
      if (known && known.stage !== flag.stage)
        this.#options.log('info', `${type}: ${known.stage} → ${flag.stage}, epoch ${flag.epoch}`)
      changed = true
    }
    if (!changed) return
    this.#compare()
    this.#writeFile()
    void this.acknowledge()
  }

  #compare(): void {
    this.#byType = flagsByType(this.#flags.values())
    this.#disagreements = disagreements(this.#flags.values(), this.#options.entities)
  }

  /**
   * The flag in force for reads of a type: the last one known.
   *
   * @throws UNAVAILABLE where no store has told one yet, MISCONFIGURED for a type that is none.
   */
  get(type: string): Flag {
    const flag = this.#known(type)
    if (!flag && !this.#options.entities.some(({ name }) => name === type))
      throw new CrossfadeError('MISCONFIGURED', `${type} is not among the entities of crossfade.config.ts.`)
    if (!flag)
      throw new CrossfadeError('UNAVAILABLE', `${type} cannot be served yet: no data store has told its stage.`)
    return flag
  }

  /**
   * The flag under which a write may begin now: confirmed by the store that has authority, which answers, steady and of
   * the highest epoch seen. Null where there is none at the moment.
   *
   * @throws TRY_AGAIN once the bookkeeping of a store is newer than this version, or the type changes with other types by
   * the stores than by the mapping: whoever asks again may meet a gateway of the other mapping.
   */
  forWrite(type: string): Flag | null {
    this.formats.check()
    const disagreement = this.#disagreements.get(type)
    if (disagreement) {
      const text = `${type} cannot be written by this gateway, whose mapping is another than that of the data stores; try again.`
      throw new CrossfadeError('TRY_AGAIN', text, { cause: new Error(disagreement) })
    }
    const flag = this.get(type)
    if (flag.state !== 'steady') return null
    const watch = this.#watches[authorityOf(flag)]
    const own = watch.isLate ? null : watch.confirmed(flag.type)
    return own?.epoch === flag.epoch && own.revision === flag.revision ? flag : null
  }

  /** The store's own copy is older than the flag, or there is none; false where it was not read lately. */
  isBehind(origin: Origin, flag: Flag): boolean {
    const watch = this.#watches[origin]
    if (!watch.hasLease) return false
    return isOlder(watch.confirmed(flag.type), flag)
  }

  /** Whether a write that began under the flag may begin another step: a mover knows of us, and waits. */
  mayGoOn({ type, epoch, stage }: Flag): boolean {
    const own = this.#watches[STAGE_PLAN[stage].authority].confirmed(type)
    return own?.epoch === epoch && own.state !== 'handed'
  }

  has(type: string): boolean {
    return this.#known(type) !== undefined
  }

  /** Of the flag with this key, whichever types go by it by now; 0 where none is known. */
  revisionOf(key: string): number {
    return this.#flags.get(key)?.revision ?? 0
  }

  /** By a type's name, or by a key: a group's types may have been joined since. */
  #known(name: string): Flag | undefined {
    return this.#byType.get(name) ?? this.#flags.get(name)
  }

  /** The other store is to answer what it can. */
  isDown(origin: Origin): boolean {
    return this.#watches[origin].isDown
  }

  /** Calls `listener` when a store goes down. @returns what forgets the listener. */
  onDown(origin: Origin, listener: () => void): () => void {
    return this.#watches[origin].onDown(listener)
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
      this.#compare()
    } catch (error) {
      this.#options.log('warn', `${this.#file} is not readable and is left out: ${messageOf(error)}`)
    }
  }

  #writeFile(): void {
    try {
      mkdirSync(this.#options.dataDir, { recursive: true })
      const own = `${this.#file}.${process.pid}.new` // a job may share the directory with a gateway
      writeFileSync(own, JSON.stringify([...this.#flags.values()].map(flagJson)))
      renameSync(own, this.#file) // whole or not at all
    } catch (error) {
      this.#options.log('warn', `The flags could not be kept in ${this.#file}: ${messageOf(error)}`)
    }
  }
}
