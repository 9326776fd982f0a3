import { isPlainObject } from '../../../util/json.ts'
import { bsonType } from '../codec/typed.ts'
import { Counter } from './counter.ts'

/** What documents hold at a path that the mapping does not name. No value is kept. */
export interface Unmapped {
  /** `[]` stands for the elements of a list, `*` for the many keys of an object that is a map. */
  readonly path: string
  /** The last name in it. */
  readonly key: string
  readonly documents: number
  /** By BSON type, the most frequent first. */
  readonly types: readonly { readonly type: string; readonly count: number }[]
  readonly members: readonly Unmapped[]
}

/** One that stands beside fields of the mapping. */
export interface UnmappedField extends Unmapped {
  /** Path in the record of the object whose fields stand beside it; empty for the entity itself. */
  readonly within: string
  /** Its path in the document from there. */
  readonly at: string
}

const deepest = 5
/** An object with more keys than this in all documents is one whose keys are data. */
const maxKeys = 64
/** Paths that are told apart in one collection; what comes later is left out. */
const maxPaths = 2_000

/** How many paths may be begun still. */
export interface PathsLeft {
  left: number
}

export const allPaths = (): PathsLeft => ({ left: maxPaths })

/** What stands under one name. */
class Named {
  readonly documents = new Counter()
  readonly types = new Map<string, Counter>()
  readonly inner: UnmappedTally | null

  constructor(inner: UnmappedTally | null) {
    this.inner = inner
  }

  count(type: string, document: number): void {
    this.documents.add(document)
    let counter = this.types.get(type)
    if (!counter) this.types.set(type, (counter = new Counter()))
    counter.add(document)
  }
}

/** Counts the types of values by name, and what is inside of them. */
export class UnmappedTally {
  readonly #paths: PathsLeft
  readonly #depth: number
  readonly #named = new Map<string, Named>()
  /** All members of an object together: what is told of it once its keys turn out to be data. */
  readonly #any: Named | null
  #isMap = false

  constructor(paths: PathsLeft, depth = 0) {
    this.#paths = paths
    this.#depth = depth
    this.#any = depth === 0 ? null : new Named(null)
  }

  add(name: string, value: unknown, document: number): void {
    const type = bsonType(value)
    this.#any?.count(type, document)
    const entry = this.#entry(name)
    entry?.count(type, document)
    const inner = entry?.inner
    if (!inner) return
    if (Array.isArray(value)) for (const element of value) inner.add('[]', element, document)
    else if (isPlainObject(value)) for (const [key, member] of Object.entries(value)) inner.add(key, member, document)
  }

  /** Null where names are not told apart any more. */
  #entry(name: string): Named | null {
    const known = this.#named.get(name)
    if (known) return known
    if (this.#isMap || this.#paths.left <= 0) return null
    if (this.#any && this.#named.size >= maxKeys) {
      this.#paths.left += this.#named.size
      this.#named.clear()
      this.#isMap = true
      return null
    }
    this.#paths.left--
    const entry = new Named(this.#depth < deepest ? new UnmappedTally(this.#paths, this.#depth + 1) : null)
    this.#named.set(name, entry)
    return entry
  }

  found(parent: string): Unmapped[] {
    const entries = this.#isMap && this.#any ? [['*', this.#any] as const] : [...this.#named]
    return entries.map(([name, { documents, types, inner }]) => {
      const path = name === '[]' ? `${parent}[]` : parent === '' ? name : `${parent}.${name}`
      const counts = [...types].map(([type, { count }]) => ({ type, count }))
      return {
        path,
        key: name,
        documents: documents.count,
        types: counts.sort((a, b) => b.count - a.count),
        members: inner?.found(path) ?? [],
      }
    })
  }
}
