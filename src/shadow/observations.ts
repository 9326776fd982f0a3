import { createHash } from 'node:crypto'
import type { Entity, Id } from '../entity/entity.ts'
import { mappingDigest } from '../entity/mapping-digest.ts'
import {
  type GroupKey,
  type Mismatch,
  maxExamples,
  type ReadPlace,
  type Seen,
  type SeenExample,
  type SeenFailures,
  type SeenVerdicts,
  type Timing,
  type UndecidedReason,
} from '../stores/findings.ts'
import { stableStringify } from '../util/json.ts'
import { Coverage } from './coverage.ts'
import { bucketOf } from './latency.ts'
import { Tally } from './tally.ts'

/** Examples and groups held at most, while they wait to be kept; what is counted is counted all the same. */
const maxHeld = 1_000

interface HeldGroup extends GroupKey {
  count: number
  first: number
  last: number
  readonly examples: Map<string, Omit<SeenExample, 'agoMs'> & { readonly at: number }>
}

interface HeldUndecided {
  readonly type: string
  readonly reason: UndecidedReason
  count: number
  /** Of the record that has been owed for longest. */
  id: string | null
  owedSince: number | null
}

/** A record, and for how long the mirror has been owed it, in milliseconds. */
export interface Oldest {
  readonly id: Id
  readonly owedMs: number
}

const subjectOf = ({ id, args }: Mismatch): string =>
  id === null ? `args ${createHash('sha256').update(stableStringify(args)).digest('hex').slice(0, 32)}` : `id ${id}`

/**
 * What shadow reads saw and nobody has kept yet, added up: memory is bounded, whatever the time that takes. Times are
 * those of the monotonic clock.
 */
export class Observations {
  readonly coverage = new Coverage()
  readonly #groups = new Map<string, HeldGroup>()
  readonly #undecided = new Map<string, HeldUndecided>()
  readonly #verdicts = new Tally<Omit<SeenVerdicts, 'count'>>()
  readonly #failures = new Tally<Omit<SeenFailures, 'count'>>()
  readonly #timings = new Tally<Omit<Timing, 'count'>>()
  #examples = 0

  /** False where there is no room for another group: the mismatch is lost. */
  mismatch(mismatch: Mismatch): boolean {
    const { fingerprint, type, resolver, kind, path, id, ...example } = mismatch
    const at = performance.now()
    const group = this.#group({ fingerprint, type, resolver, kind, path }, at)
    if (!group) return false
    group.count++
    group.last = at
    this.#example(group, { subject: subjectOf(mismatch), id, at, example })
    return true
  }

  undecided(type: string, reason: UndecidedReason, count: number, oldest: Oldest | null = null): void {
    const owedSince = oldest && performance.now() - oldest.owedMs
    this.#addUndecided({ type, reason, count, id: oldest && String(oldest.id), owedSince })
  }

  verdict(entity: Entity, epoch: number, verdict: string): void {
    this.#verdicts.add({ type: entity.name, mapping: mappingDigest(entity), epoch, verdict })
  }

  failure(place: ReadPlace, kind: SeenFailures['kind'], reason: string): void {
    this.#failures.add({ ...place, kind, reason })
  }

  timing(place: ReadPlace, ms: number): void {
    this.#timings.add({ ...place, bucket: bucketOf(ms) })
  }

  /** Adds what was seen later. Returns how many mismatches were lost, since there was no room for their group. */
  absorb(later: Observations): number {
    let lost = 0
    for (const { examples, count, first, last, ...key } of later.#groups.values()) {
      const group = this.#group(key, first)
      if (!group) {
        lost += count
        continue
      }
      group.count += count
      group.last = last
      for (const example of examples.values()) this.#example(group, example)
    }
    for (const each of later.#undecided.values()) this.#addUndecided(each)
    this.#verdicts.absorb(later.#verdicts)
    this.#failures.absorb(later.#failures)
    this.#timings.absorb(later.#timings)
    this.coverage.absorb(later.coverage)
    return lost
  }

  /** All of it as it may be kept, with ages as of now; null of nothing. */
  seen(): Seen | null {
    const now = performance.now()
    const seen: Seen = {
      groups: [...this.#groups.values()].map(({ first, last, examples, ...group }) => ({
        ...group,
        firstMs: now - first,
        lastMs: now - last,
        examples: [...examples.values()].map(({ at, ...example }) => ({ ...example, agoMs: now - at })),
      })),
      undecided: [...this.#undecided.values()].map(({ owedSince, ...each }) => ({
        ...each,
        owedMs: owedSince === null ? null : now - owedSince,
      })),
      verdicts: this.#verdicts.rows(),
      failures: this.#failures.rows(),
      timings: this.#timings.rows(),
      coverage: this.coverage.rows(now),
    }
    return Object.values(seen).some((rows) => rows.length > 0) ? seen : null
  }

  #group(key: GroupKey, first: number): HeldGroup | undefined {
    let group = this.#groups.get(key.fingerprint)
    if (!group && this.#groups.size < maxHeld) {
      group = { ...key, count: 0, first, last: first, examples: new Map() }
      this.#groups.set(key.fingerprint, group)
    }
    return group
  }

  #example({ examples }: HeldGroup, example: Omit<SeenExample, 'agoMs'> & { readonly at: number }): void {
    const isNew = !examples.has(example.subject)
    if (isNew && (examples.size >= maxExamples || this.#examples >= maxHeld)) return
    if (isNew) this.#examples++
    examples.set(example.subject, example)
  }

  #addUndecided(given: HeldUndecided): void {
    const key = `${given.type} ${given.reason}`
    const held = this.#undecided.get(key)
    if (!held) {
      this.#undecided.set(key, { ...given })
      return
    }
    held.count += given.count
    if (given.owedSince === null || (held.owedSince !== null && held.owedSince <= given.owedSince)) return
    held.id = given.id
    held.owedSince = given.owedSince
  }
}
