import { createHmac, randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Notice, Notices } from '../control/notices.ts'
import type { Routing } from '../routing/routing.ts'
import { CrossfadeError, messageOf } from '../util/errors.ts'
import { Seldom } from '../util/seldom.ts'

export interface WebhookOptions {
  readonly url: string
  /** `whsec_` and 24 to 64 bytes in base64. */
  readonly secret: string
  readonly log: Routing['log']
  /** Waits between attempts, in milliseconds. */
  readonly waitsMs?: readonly number[]
}

interface Waiting {
  readonly notice: Notice
  /** When it happened. */
  readonly at: Date
}

/** Notices that wait at most: behind them others are lost, which the log says. */
const mostWaiting = 100
const patienceMs = 5_000
const defaultWaitsMs = [1_000, 10_000, 60_000]

/** @throws MISCONFIGURED */
function keyOf(secret: string): Buffer {
  const key = /^whsec_([A-Za-z0-9+/]+=*)$/.exec(secret)?.[1]
  const bytes = Buffer.from(key ?? '', 'base64')
  if (bytes.length >= 24 && bytes.length <= 64) return bytes
  throw new CrossfadeError('MISCONFIGURED', 'NOTIFY_SECRET must be whsec_ and 24 to 64 bytes in base64.')
}

/**
 * Sends notices to one address, one at a time, signed as Standard Webhooks has it
 * (https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md): an id that stays the same
 * over attempts, a time, and an HMAC of both and the body.
 */
export class Webhook implements Notices {
  readonly #options: WebhookOptions
  readonly #key: Buffer
  readonly #waiting: Waiting[] = []
  readonly #seldom = new Seldom(60_000)
  readonly #closed = new AbortController()
  #sending: Promise<void> | null = null

  /** @throws MISCONFIGURED for a secret of another form. */
  constructor(options: WebhookOptions) {
    this.#options = options
    this.#key = keyOf(options.secret)
  }

  send(notice: Notice): void {
    if (this.#closed.signal.aborted) return
    if (this.#hasRoom(notice)) this.#waiting.push({ notice, at: new Date() })
    else this.#lose('too many others wait')
    this.#sending ??= this.#sendAll().finally(() => {
      this.#sending = null
    })
  }

  /** A difference that is new makes room for what is rarer, as the kill switch. */
  #hasRoom({ event }: Notice): boolean {
    if (this.#waiting.length < mostWaiting) return true
    const least =
      event === 'mismatch.new' ? -1 : this.#waiting.findIndex(({ notice }) => notice.event === 'mismatch.new')
    if (least < 0) return false
    this.#waiting.splice(least, 1)
    this.#lose('too many others wait')
    return true
  }

  /** What waits is lost. */
  async close(): Promise<void> {
    this.#closed.abort()
    await this.#sending
  }

  async #sendAll(): Promise<void> {
    for (let next = this.#waiting.shift(); next; next = this.#waiting.shift()) await this.#sendOne(next)
  }

  /** Never rejects. */
  async #sendOne({ notice: { event, type, text, facts }, at }: Waiting): Promise<void> {
    const body = JSON.stringify({ type: event, timestamp: at.toISOString(), data: { type, text, ...facts } })
    const id = `msg_${randomUUID()}`
    let fault = ''
    for (const waitMs of [0, ...(this.#options.waitsMs ?? defaultWaitsMs)]) {
      try {
        await sleep(waitMs, undefined, { signal: this.#closed.signal })
        fault = await this.#post(id, body)
        if (fault === '') return
      } catch (error) {
        if (this.#closed.signal.aborted) return
        fault = messageOf(error)
      }
    }
    this.#lose(fault)
  }

  /** @returns what was wrong with the answer; nothing where it was taken. */
  async #post(id: string, body: string): Promise<string> {
    const seconds = Math.floor(Date.now() / 1_000)
    const signature = createHmac('sha256', this.#key).update(`${id}.${seconds}.${body}`).digest('base64')
    const { status } = await fetch(this.#options.url, {
      method: 'POST',
      redirect: 'manual',
      signal: AbortSignal.any([this.#closed.signal, AbortSignal.timeout(patienceMs)]),
      headers: {
        'content-type': 'application/json',
        'webhook-id': id,
        'webhook-timestamp': String(seconds),
        'webhook-signature': `v1,${signature}`,
      },
      body,
    })
    return status >= 200 && status < 300 ? '' : `it answered ${status}`
  }

  #lose(why: string): void {
    if (this.#seldom.due('') !== null) this.#options.log('warn', `Notices to NOTIFY_URL are lost: ${why}.`)
  }
}
