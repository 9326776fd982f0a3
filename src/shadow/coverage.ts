import type { Entity } from '../entity/entity.ts'
import type { FieldSet } from '../entity/field-set.ts'
import { mappingDigest } from '../entity/mapping-digest.ts'
import type { SeenCoverage } from '../stores/coverage.ts'

/** Selections held at most, while they wait to be kept: what is counted of others is left out, and covers nothing. */
const maxHeld = 1_000

/** What a read is of: fields of records, or a whole value, which has none. */
export interface ReadOf {
  readonly entity: Entity
  readonly resolver: string
  readonly fields: FieldSet | null
}

interface Held extends ReadOf {
  /** Of the flag that it was decided by. */
  readonly epoch: number
  read: number
  compared: number
  comparedAt: number
  /** Comparisons by the fields that differed in them. */
  readonly differed: Map<string, number>
  /** Times that the control was read twice. */
  repeated: number
  /** Of these, by the fields in which it differed with itself. */
  readonly flapped: Map<string, number>
}

const addTo = (counts: Map<string, number>, path: string, count = 1): void =>
  void counts.set(path, (counts.get(path) ?? 0) + count)

/** The compared path, or what it is part of: an object that one store lacks, a list of another length. */
const isAt = (path: string, difference: string): boolean => path === difference || path.startsWith(`${difference}.`)

const isAmong = (path: string, differing: ReadonlySet<string>): boolean =>
  [...differing].some((each) => isAt(path, each))

const whole = ['']
const pathsOf = ({ fields }: ReadOf): readonly string[] => fields?.paths ?? whole

/**
 * What was read and what was compared, of which fields, for whom. Reads of clients are counted by the identity of what
 * they select, which is a look-up and an addition; fields are told apart once it is kept.
 */
export class Coverage {
  /** By the field set, or by the entity where there is none; then by resolver. */
  readonly #newest = new Map<object, Map<string, Held>>()
  /** Of flags that have changed since. */
  readonly #earlier: Held[] = []
  #size = 0

  read(of: ReadOf, epoch: number): void {
    const held = this.#of(of, epoch)
    if (held) held.read++
  }

  /** @param differing where the stores differed; null where the records themselves did. */
  compared(of: ReadOf, epoch: number, differing: ReadonlySet<string> | null): void {
    const held = this.#of(of, epoch)
    if (!held) return
    held.compared++
    held.comparedAt = performance.now()
    for (const path of pathsOf(of)) if (differing === null || isAmong(path, differing)) addTo(held.differed, path)
  }

  /** @param differing where the control differed with itself. */
  repeated(of: ReadOf, epoch: number, differing: ReadonlySet<string>): void {
    const held = this.#of(of, epoch)
    if (!held) return
    held.repeated++
    for (const path of pathsOf(of)) if (isAmong(path, differing)) addTo(held.flapped, path)
  }

  absorb(later: Coverage): void {
    for (const given of later.#all()) {
      const held = this.#of(given, given.epoch)
      if (!held) continue
      held.read += given.read
      held.compared += given.compared
      held.comparedAt = Math.max(held.comparedAt, given.comparedAt)
      held.repeated += given.repeated
      for (const [path, count] of given.differed) addTo(held.differed, path, count)
      for (const [path, count] of given.flapped) addTo(held.flapped, path, count)
    }
  }

  /** A row a field of each selection, with ages as of `now`. */
  rows(now: number): SeenCoverage[] {
    return [...this.#all()].flatMap((held) => {
      const { entity, resolver, epoch, read, compared, comparedAt, repeated } = held
      return pathsOf(held).map((path) => ({
        type: entity.name,
        mapping: mappingDigest(entity),
        epoch,
        resolver,
        path,
        read,
        compared,
        matched: compared - (held.differed.get(path) ?? 0),
        repeated,
        flapped: held.flapped.get(path) ?? 0,
        agoMs: compared > 0 ? now - comparedAt : null,
      }))
    })
  }

  *#all(): Generator<Held> {
    yield* this.#earlier
    for (const held of this.#newest.values()) yield* held.values()
  }

  #of(of: ReadOf, epoch: number): Held | undefined {
    const key = of.fields ?? of.entity
    const held = this.#newest.get(key)?.get(of.resolver)
    return held?.epoch === epoch ? held : this.#begin(key, of, epoch, held)
  }

  #begin(key: object, { entity, resolver, fields }: ReadOf, epoch: number, known: Held | undefined): Held | undefined {
    if (this.#size >= maxHeld) return undefined
    this.#size++
    if (known) this.#earlier.push(known)
    const counts = { read: 0, compared: 0, comparedAt: 0, differed: new Map(), repeated: 0, flapped: new Map() }
    const held: Held = { entity, resolver, fields, epoch, ...counts }
    const ofKey = this.#newest.get(key)
    if (ofKey) ofKey.set(resolver, held)
    else this.#newest.set(key, new Map([[resolver, held]]))
    return held
  }
}
