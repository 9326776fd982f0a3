import {
  type Client,
  type EvaluationDetails,
  NOOP_PROVIDER,
  OpenFeature,
  type Provider,
  ProviderEvents,
} from '@openfeature/server-sdk'
import { z } from 'zod'
import { isStage, stages } from '../stage/stage.ts'
import { awaitWithin, timedOut } from '../util/await-within.ts'
import { messageOf } from '../util/errors.ts'
import { heldBack, Seldom } from '../util/seldom.ts'
import { hostsOf } from '../util/store-uri.ts'
import type { Asked } from './desired.ts'
import type { Desired } from './flag.ts'
import type { FlagProvider, FlagsConfig } from './flags-config.ts'

export interface FlagSourceOptions extends FlagsConfig {
  /** Names whoever asks: each has a provider of its own in the library, which is one for all of the process. */
  readonly id: string
  readonly types: readonly string[]
  readonly log: (level: 'info' | 'warn', message: string) => void
  /** Called behind each look. Never rejects. */
  readonly onLook: (asked: ReadonlyMap<string, Asked>, isWell: boolean) => Promise<void>
  /** What one value may take, in milliseconds; default 2,000. */
  readonly answerMs?: number
}

/** Between two looks that a provider's events begin, and between two attempts to make one, in milliseconds. */
const pauseMs = 500
const remakeMs = 30_000

/** Characters of what a provider says of itself. */
const most = 200

const percent = 'a number from 0 to 100 is expected'
const share = z.number(percent).min(0, percent).max(100, percent)
const forms = {
  stage: z.custom(isStage, `one of ${stages.join(', ')} is expected`),
  readPercent: share,
  samplePercent: share,
} satisfies Record<keyof Desired, z.ZodType>
const members = Object.keys(forms) as (keyof Desired)[]

/** Addresses hold tokens and passwords. */
const shown = (text: string): string =>
  text
    .replaceAll(/[a-z][a-z\d+.-]*:\/\/\S+/gi, hostsOf)
    .replaceAll(/\s+/g, ' ')
    .slice(0, most)

const shownValue = (value: unknown): string =>
  typeof value === 'string'
    ? JSON.stringify(shown(value))
    : typeof value === 'number'
      ? String(value)
      : `a value of type ${typeof value}`

/** What became of one key. */
interface Outcome {
  /** With a value, sensible or not, or with the word that there is none. */
  readonly answered: boolean
  readonly alert: string | null
}

const nothingSaid = 'FLAG_NOT_FOUND'

/**
 * Asks a provider of OpenFeature what is desired of each type, again and again and in no request. It is read-only, so it
 * can ask for nothing but what is. Whatever it does, the last sensible value stays, and an alert says what was wrong.
 */
export class FlagSource {
  readonly #options: FlagSourceOptions
  readonly #client: Client
  readonly #seldom = new Seldom(60_000)
  readonly #asked = new Map<string, Asked>()
  /** Keys whose answer is still awaited. */
  readonly #awaited = new Set<string>()
  /** The provider while it is made, however long that takes. */
  #making: Promise<FlagProvider> | undefined
  #makeAt = 0
  #isOpen = false
  #alerts: readonly string[] = []
  #timer: NodeJS.Timeout | undefined
  #look: Promise<void> = Promise.resolve()
  #isWoken = false
  #stopped = false

  constructor(options: FlagSourceOptions) {
    this.#options = options
    this.#client = OpenFeature.getClient(this.#domain)
    const silent = (): void => undefined // what matters is an alert
    this.#client.setLogger({ error: silent, warn: silent, info: silent, debug: silent })
  }

  get #domain(): string {
    return `crossfade ${this.#options.id}`
  }

  /** What was wrong in the last look, a line each: for whoever looks at the flags. */
  get alerts(): readonly string[] {
    return this.#alerts
  }

  start(): void {
    this.#lookIn(0)
  }

  #lookIn(ms: number): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      this.#isWoken = false
      this.#look = this.look().finally(() => {
        if (!this.#stopped) this.#lookIn(this.#isWoken ? pauseMs : (this.#options.intervalMs ?? 5_000))
      })
    }, ms).unref()
  }

  /** The provider tells of a change: one that never ends telling is not asked more often, nor less. */
  #wake(): void {
    if (this.#isWoken || this.#stopped) return
    this.#isWoken = true
    if (this.#timer) this.#lookIn(pauseMs)
  }

  /** Lets go of the provider; what it does then is waited for by nobody. */
  async stop(): Promise<void> {
    this.#stopped = true
    clearTimeout(this.#timer)
    try {
      if (this.#isOpen) OpenFeature.setProvider(this.#domain, NOOP_PROVIDER)
    } catch (error) {
      this.#options.log('warn', `The provider of flags could not be closed: ${shown(messageOf(error))}`)
    }
    await this.#look
  }

  /** One look at every key. Never rejects. */
  async look(): Promise<void> {
    const { types, onLook } = this.#options
    const closed = await this.#open()
    const keys = types.flatMap((type) => members.map((member) => [type, member] as const))
    const outcomes =
      closed === null ? await Promise.all(keys.map((key) => this.#ask(...key))) : [{ answered: false, alert: closed }]
    this.#tell(outcomes.flatMap(({ alert }) => alert ?? []))
    const isWell = outcomes.some(({ answered }) => answered)
    if (!this.#stopped) await onLook(this.#asked, isWell)
  }

  /** Null where it is open, or else why it is not. What it takes to get ready is waited for by nobody. */
  async #open(): Promise<string | null> {
    if (this.#isOpen) return null
    const { provider, answerMs = 2_000 } = this.#options
    if (!this.#making) {
      if (performance.now() < this.#makeAt) return this.#alerts[0] ?? 'the provider is not open'
      this.#makeAt = performance.now() + remakeMs
      this.#making = (async () => (typeof provider === 'function' ? provider() : provider))()
    }
    try {
      const made = await awaitWithin(this.#making, answerMs)
      if (made === timedOut) return 'the provider is not made yet'
      if (this.#stopped) return 'the provider is not open'
      this.#isOpen = true
      const ready = OpenFeature.setProviderAndWait(this.#domain, made as Provider).catch(() => undefined) // each value says so
      for (const event of [ProviderEvents.Ready, ProviderEvents.ConfigurationChanged])
        this.#client.addHandler(event, () => this.#wake())
      await awaitWithin(ready, answerMs)
      return null
    } catch (error) {
      this.#isOpen = false
      this.#making = undefined
      return `the provider cannot be opened: ${shown(messageOf(error))}`
    }
  }

  async #ask(type: string, member: keyof Desired): Promise<Outcome> {
    const { prefix = 'crossfade', answerMs = 2_000 } = this.#options
    const key = `${prefix}.${type}.${member}`
    const unanswered = (why: string): Outcome => ({ answered: false, alert: `${key} is not answered${why}` })
    if (this.#awaited.has(key)) return unanswered('')
    this.#awaited.add(key)
    const asked: Promise<EvaluationDetails<string | number>> =
      member === 'stage' ? this.#client.getStringDetails(key, '') : this.#client.getNumberDetails(key, 0)
    try {
      const details = await awaitWithin(
        asked.finally(() => this.#awaited.delete(key)),
        answerMs,
      )
      if (details === timedOut) return unanswered('')
      const { value, errorCode, errorMessage } = details
      if (errorCode === nothingSaid) this.#take(type, { [member]: null })
      else if (errorCode) return unanswered(`: ${errorCode}, ${shown(errorMessage ?? '')}`)
      else {
        const { data, error } = forms[member].safeParse(value)
        if (error) return { answered: true, alert: `${key} is ${shownValue(value)}: ${error.issues[0]!.message}` }
        this.#take(type, { [member]: data })
      }
      return { answered: true, alert: null }
    } catch (error) {
      return unanswered(`: ${shown(messageOf(error))}`)
    }
  }

  #take(type: string, asked: Asked): void {
    this.#asked.set(type, { ...this.#asked.get(type), ...asked })
  }

  #tell(alerts: readonly string[]): void {
    this.#alerts = alerts
    if (alerts.length === 0) return
    const held = this.#seldom.due('alerts')
    if (held === null) return
    const more = alerts.length > 1 ? `; and ${alerts.length - 1} more` : ''
    this.#options.log(
      'warn',
      `Flags of the provider, of which the last good ones stay: ${alerts[0]}${more}${heldBack(held)}`,
    )
  }
}
