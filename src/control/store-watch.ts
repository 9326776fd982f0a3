import { performance } from 'node:perf_hooks'
import { flagKind, type Ledger } from '../stores/ledger.ts'
import { messageOf } from '../util/errors.ts'
import type { Origin } from '../util/origin.ts'
import { announcedKind, isAnnounced } from './announcement.ts'
import { type Flag, parseFlag } from './flag.ts'
import { format, formatAmong, formatKind, readFormat } from './format.ts'
import { type Killing, killedAmong, killedKind } from './killed-by-stores.ts'
import type { Registration } from './registration.ts'
import { times } from './times.ts'

export interface StoreWatchOptions {
  readonly origin: Origin
  readonly ledger: Ledger
  /** Without one nothing may be written. */
  readonly registration: Registration
  readonly log: (level: 'info' | 'warn', message: string) => void
  readonly intervalMs: number
  readonly probeMs: number
  /** Called with what each look found. */
  readonly onFlags: (flags: ReadonlyMap<string, Flag>) => void
  /** Called with the format of the store's bookkeeping, before the first sign of life there and with each look. */
  readonly onFormat: (found: number) => void
  /** Called with what each look found of the kill switch. */
  readonly onKilled?: (found: ReadonlyMap<string, Killing>) => void
  /** Called when a look has failed. */
  readonly onSilent: () => void
  /** Called when it answers for the first time, and whenever it does again. */
  readonly onAnswer: () => void
}

/** Looks in a row that a store must answer in time before it is up again. */
const steady = 3

/** Our own loop was this busy: an answer may have come, and nobody has read it. */
const busy = 0.9

/** How often a late probe is given more time, since our own loop was busy. */
const maxGraces = 3

/** Calls `onLate` when the probe's time is over. @returns what ends the probe. */
function startProbe(ms: number, onLate: () => void): () => void {
  let timer: NodeJS.Timeout | undefined
  const wait = (graces: number): void => {
    const before = performance.eventLoopUtilization()
    timer = setTimeout(() => {
      const wasBusy = performance.eventLoopUtilization(before).utilization > busy
      if (wasBusy && graces > 0) wait(graces - 1)
      else onLate()
    }, ms).unref()
  }
  wait(maxGraces)
  return () => clearTimeout(timer)
}

/**
 * Gives one store signs of life and reads its flags, again and again, and so knows whether it answers. It is down from its
 * first late or failed answer until several in a row are in time: one that answers now and then is not to have its reads
 * moved to and fro. Neither store's watch waits for the other's.
 */
export class StoreWatch {
  readonly #options: StoreWatchOptions
  readonly #listeners = new Set<() => void>()
  #flags: ReadonlyMap<string, Flag> = new Map()
  #hasRead = false
  /** When the sign of life began that came before the flags were read, by our monotonic clock. */
  #leaseFrom = Number.NEGATIVE_INFINITY
  #isDown = false
  #isLate = false
  #refusesWrites = false
  #inTime = 0
  #isMoving = false
  #look: Promise<void> = Promise.resolve()
  #timer: NodeJS.Timeout | undefined
  #stopped = false

  constructor(options: StoreWatchOptions) {
    this.#options = options
  }

  start(): void {
    this.#timer = setTimeout(
      () => {
        void this.look().then(() => {
          if (!this.#stopped) this.start()
        })
      },
      this.#isMoving ? times.movingInterval : this.#options.intervalMs,
    ).unref()
  }

  stop(): void {
    this.#stopped = true
    clearTimeout(this.#timer)
  }

  /** The other store is to answer what it can. */
  get isDown(): boolean {
    return this.#isDown
  }

  /** The present look is not answered in time, or the last one was not at all. */
  get isLate(): boolean {
    return this.#isLate
  }

  /** Calls `listener` when the store goes down. @returns what forgets the listener. */
  onDown(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /**
   * The store's own copy of a type's flag, as long as our lease there holds; null where it does not, or there is no copy.
   * A read alone would not do: a server that is not the one that is written any more may have answered it.
   */
  confirmed(type: string): Flag | null {
    return this.hasLease ? (this.#flags.get(type) ?? null) : null
  }

  get hasLease(): boolean {
    return performance.now() - this.#leaseFrom < times.lease
  }

  /** Looks behind every look that has begun. Never rejects. */
  look(): Promise<void> {
    this.#look = this.#look.then(() => this.#read())
    return this.#look
  }

  /**
   * Reads work in a store that takes no writes at the moment: then there is no lease, and nothing else is wrong.
   *
   * @returns why not; null where the store has the sign of life.
   */
  #renew(): Promise<unknown> {
    return this.#options.registration.renew().then(
      () => null,
      (error: unknown) => error,
    )
  }

  /** A store that answers and takes no writes holds back all of its types, and nobody else would say why. */
  #tellWrites(failure: unknown): void {
    const { origin, log } = this.#options
    const refuses = failure !== null && !this.hasLease
    if (refuses === this.#refusesWrites) return
    this.#refusesWrites = refuses
    if (refuses) log('warn', `${origin} answers, and takes no writes: ${messageOf(failure)}`)
    else if (failure === null) log('info', `${origin} takes writes again.`)
  }

  async #read(): Promise<void> {
    const { origin, ledger, registration, log, probeMs, onFlags, onFormat } = this.#options
    let inTime = true
    const endProbe = startProbe(probeMs, () => {
      inTime = false
      // The first look connects, which takes longer
      if (this.#hasRead) this.#goDown(`it took more than ${probeMs} ms`)
    })
    try {
      // A sign of life is a write already
      if (!this.#hasRead) onFormat(await readFormat(ledger))
      // A mover knows of us before we know the flags, so that it waits for what they let us begin
      if (!registration.isFresh) await this.#renew()
      const leaseFrom = registration.beganAt
      const flags = new Map<string, Flag>()
      const sign = this.#isMoving ? undefined : this.#renew() // more looks need no more signs
      const [entries, failure] = await Promise.all([ledger.list(flagKind, formatKind, announcedKind, killedKind), sign])
      const found = formatAmong(entries)
      onFormat(found)
      this.#isMoving = isAnnounced(entries)
      this.#options.onKilled?.(killedAmong(entries))
      for (const { kind, key, value } of entries) {
        if (kind !== flagKind) continue
        const flag = parseFlag(value)
        if (flag) flags.set(key, flag)
        else if (found <= format)
          log('warn', `The flag of ${key} in ${origin} is malformed; the last good one stays in force.`)
      }
      this.#flags = flags
      if (!this.#hasRead) this.#options.onAnswer()
      this.#hasRead = true
      this.#leaseFrom = leaseFrom
      if (failure !== undefined) this.#tellWrites(failure)
      this.#isLate = false
      this.#inTime = inTime ? this.#inTime + 1 : 0
      if (this.#isDown && this.#inTime >= steady) {
        this.#isDown = false
        log('info', `${origin} answers again.`)
        this.#options.onAnswer()
      }
      onFlags(flags)
    } catch (error) {
      this.#isMoving = false
      this.#goDown(messageOf(error))
      this.#options.onSilent()
    } finally {
      endProbe()
    }
  }

  #goDown(why: string): void {
    this.#isLate = true
    this.#inTime = 0
    if (this.#isDown) return
    this.#isDown = true
    this.#options.log('warn', `${this.#options.origin} does not answer: ${why}`)
    for (const listener of [...this.#listeners]) listener()
  }
}
