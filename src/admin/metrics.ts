import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { Meter } from '../routing/meter.ts'
import type { Origin } from '../util/origin.ts'

/** Bounds of what a time is counted in, in seconds: from a read by id to what is about to be given up. */
const buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25]

const seconds = (ms: number): number => ms / 1_000

/** What this gateway measures, in the form of Prometheus. Labels are names of the mapping and words of ours, never a client's. */
export class Metrics implements Meter {
  readonly registry = new Registry()
  readonly contentType = this.registry.contentType
  readonly #registers = { registers: [this.registry] }
  readonly #requests = new Histogram({
    ...this.#registers,
    name: 'crossfade_request_duration_seconds',
    help: 'Requests by the HTTP status of their answer; 0 where the client left before it.',
    labelNames: ['status'],
    buckets,
  })
  readonly #reads = new Histogram({
    ...this.#registers,
    name: 'crossfade_read_duration_seconds',
    help: 'Reads of clients by type and by the store that answered.',
    labelNames: ['type', 'store'],
    buckets,
  })
  readonly #failedReads = new Counter({
    ...this.#registers,
    name: 'crossfade_read_failures_total',
    help: 'Reads of clients that no store answered, by the code that they were told.',
    labelNames: ['type', 'code'],
  })
  readonly #writes = new Histogram({
    ...this.#registers,
    name: 'crossfade_write_duration_seconds',
    help: 'Steps of mutations by type and by the store with authority, until it had acknowledged them.',
    labelNames: ['type', 'authority'],
    buckets,
  })
  readonly #failedWrites = new Counter({
    ...this.#registers,
    name: 'crossfade_write_failures_total',
    help: 'Steps of mutations that failed, by the code that they were told.',
    labelNames: ['type', 'authority', 'code'],
  })
  readonly #refusals = new Counter({
    ...this.#registers,
    name: 'crossfade_refusals_total',
    help: 'Requests that passed a limit, by its name, and whether they were refused or only reported.',
    labelNames: ['limit', 'outcome'],
  })

  constructor() {
    collectDefaultMetrics({ register: this.registry })
  }

  request(status: number, ms: number): void {
    this.#requests.labels(String(status)).observe(seconds(ms))
  }

  read(type: string, store: Origin, ms: number): void {
    this.#reads.labels(type, store).observe(seconds(ms))
  }

  readFailed(type: string, code: string): void {
    this.#failedReads.labels(type, code).inc()
  }

  write(type: string, authority: Origin, ms: number): void {
    this.#writes.labels(type, authority).observe(seconds(ms))
  }

  writeFailed(type: string, authority: Origin, code: string): void {
    this.#failedWrites.labels(type, authority, code).inc()
  }

  refused(limit: string, isRefused: boolean): void {
    this.#refusals.labels(limit, isRefused ? 'refused' : 'reported').inc()
  }

  /** All of it as of now. */
  text(): Promise<string> {
    return this.registry.metrics()
  }

  /** Adds what is looked at when it is asked for. */
  add({ name, help, kind, labels, values }: Sampled): void {
    const given = { ...this.#registers, name, help, labelNames: [...labels] }
    const Kind = kind === 'gauge' ? Gauge : Counter
    const metric: Gauge | Counter = new Kind({
      ...given,
      async collect() {
        const found = await values()
        metric.reset()
        for (const [of, value] of found) metric.labels(...of).inc(value)
      },
    })
  }
}

type Samples = Iterable<readonly [of: readonly string[], value: number]>

/** What the gateway counts already, or knows at the moment. */
export interface Sampled {
  readonly name: string
  readonly help: string
  readonly kind: 'gauge' | 'counter'
  readonly labels: readonly string[]
  /** The values of the labels, in their order, and what there is. Never rejects. */
  readonly values: () => Samples | Promise<Samples>
}
