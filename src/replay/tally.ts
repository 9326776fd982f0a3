import { createHash } from 'node:crypto'
import type { Entity } from '../entity/entity.ts'
import { bucketOf, type Histogram, percentile } from '../shadow/latency.ts'
import { shownUnmapped } from '../shadow/redact.ts'
import type { Json } from '../util/json.ts'
import type { AnswerDifference } from './answer-differences.ts'
import { type HeardDifference, heardDifferences } from './heard-differences.ts'
import type { RecordedOperation } from './recorded-operation.ts'
import type { Answer } from './side.ts'

/** One operation that differs at a path. */
export interface DifferenceExample {
  /** Of the recording: `monday.jsonl:17`. */
  readonly place: string
  /** The first such place in the answers. */
  readonly at: string
  /** What both sides have there; the shape alone where a type that was read marks anything sensitive. */
  readonly a: Json
  readonly b: Json
  /** Records that differ of what the answers were made of, up to 20. */
  readonly records: readonly HeardDifference[]
}

/** Operations of one name that differ at one path. */
export interface DifferenceGroup {
  readonly operation: string
  readonly path: string
  readonly kind: AnswerDifference['kind']
  readonly count: number
  /** The first five. */
  readonly examples: readonly DifferenceExample[]
}

/** What both sides took for one operation, in milliseconds. */
export interface OperationTimes {
  readonly operation: string
  readonly runs: number
  readonly different: number
  readonly a: { readonly p50: number; readonly p99: number }
  readonly b: { readonly p50: number; readonly p99: number }
}

const maxExamples = 5
const maxRecords = 20
/** Names and groups that are told apart; clients choose names. */
const maxNames = 1_000
const others = '(others)'

type Counted = { -readonly [K in keyof DifferenceGroup]: DifferenceGroup[K] } & { examples: DifferenceExample[] }

interface Timed {
  runs: number
  different: number
  readonly a: Map<number, number>
  readonly b: Map<number, number>
}

/** As an operation is told of; those without a name by a digest of what they ask. */
export const nameOf = ({ name, query }: RecordedOperation): string =>
  name ?? `unnamed ${createHash('sha256').update(query).digest('hex').slice(0, 8)}`

const ofHistogram = (histogram: Histogram) => ({ p50: percentile(histogram, 0.5)!, p99: percentile(histogram, 0.99)! })

const add = (histogram: Map<number, number>, ms: number): void => {
  const bucket = bucketOf(ms)
  histogram.set(bucket, (histogram.get(bucket) ?? 0) + 1)
}

/** Adds up what answers differ in, and how long they took, by operation; its memory is bounded. */
export class Tally {
  readonly #entities: readonly Entity[]
  readonly #groups = new Map<string, Counted>()
  readonly #times = new Map<string, Timed>()

  /** @param entities all of the API: of a server that does not tell what it has read, any may be shown. */
  constructor(entities: readonly Entity[]) {
    this.#entities = entities
  }

  #timesOf(operation: RecordedOperation): Timed {
    const name = nameOf(operation)
    const kept = this.#times.has(name) || this.#times.size < maxNames ? name : others
    const known = this.#times.get(kept) ?? { runs: 0, different: 0, a: new Map(), b: new Map() }
    this.#times.set(kept, known)
    return known
  }

  /** Of the first time that both were asked. */
  timed(operation: RecordedOperation, a: Answer, b: Answer): void {
    const times = this.#timesOf(operation)
    times.runs++
    add(times.a, a.ms)
    add(times.b, b.ms)
  }

  differs(place: string, operation: RecordedOperation, a: Answer, b: Answer, found: readonly AnswerDifference[]): void {
    this.#timesOf(operation).different++
    const read = [...new Set([...a.heard, ...b.heard].flatMap(({ entities }) => entities))]
    const shown = (value: Json): Json => shownUnmapped(read.length > 0 ? read : this.#entities, value)
    const records = heardDifferences(a.heard, b.heard).slice(0, maxRecords)
    for (const { kind, path, at, a: one, b: other } of found) {
      const group = this.#groupOf(nameOf(operation), path, kind)
      group.count++
      if (group.examples.length >= maxExamples) continue
      const isCode = kind === 'error' // of ours or a server's, and no value
      const values = isCode ? { a: one, b: other } : { a: shown(one), b: shown(other) }
      group.examples.push({ place, at, ...values, records })
    }
  }

  #groupOf(operation: string, path: string, kind: Counted['kind']): Counted {
    const names = [operation, path, kind].join('\n')
    const key = this.#groups.has(names) || this.#groups.size < maxNames ? names : others
    const group = this.#groups.get(key) ?? {
      ...(key === others ? { operation: others, path: '' } : { operation, path }),
      kind,
      count: 0,
      examples: [],
    }
    this.#groups.set(key, group)
    return group
  }

  /** Most frequent first, then by operation and path. */
  get groups(): DifferenceGroup[] {
    const place = ({ operation, path }: DifferenceGroup): string => `${operation}\n${path}`
    return [...this.#groups.values()].sort((a, b) => b.count - a.count || (place(a) < place(b) ? -1 : 1))
  }

  /** In the order of their names. */
  get times(): OperationTimes[] {
    return [...this.#times]
      .map(([operation, { a, b, ...counts }]) => ({ operation, ...counts, a: ofHistogram(a), b: ofHistogram(b) }))
      .sort((one, other) => (one.operation < other.operation ? -1 : 1))
  }
}
