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

interface Named {
  readonly documents: Counter
  readonly types: Map<string, Counter>
  readonly inner: UnmappedTally
}

/** Counts the types of values by name, and what is inside of them. */
export class UnmappedTally {
  readonly #paths: PathsLeft
  readonly #depth: number
  readonly #named = new Map<string, Named>()
  #isMap = false

  constructor(paths: PathsLeft, depth = 0) {
    this.#paths = paths
    this.#depth = depth
  }

  add(name: string, value: unknown, document: number): void {
    const entry = this.#entry(this.#isMap && name !== '[]' ? '*' : name)
    if (!entry) return
    entry.documents.add(document)
    const type = bsonType(value)
    let counter = entry.types.get(type)
    if (!counter) entry.types.set(type, (counter = new Counter()))
    counter.add(document)
    if (this.#depth >= deepest) return
    if (Array.isArray(value)) for (const element of value) entry.inner.add('[]', element, document)
    else if (isPlainObject(value))
      for (const [key, member] of Object.entries(value)) entry.inner.add(key, member, document)
  }

  /** Undefined where there are too many paths. */
  #entry(name: string): Named | undefined {
    const known = this.#named.get(name)
    if (known) return known
    if (this.#depth > 0 && this.#named.size >= maxKeys && !this.#isMap) {
      // What was counted by name is dropped: the names were data
      this.#paths.left += this.#named.size
      this.#named.clear()
      this.#isMap = true
      return this.#entry('*')
    }
    if (this.#paths.left <= 0) return undefined
    this.#paths.left--
    const inner = new UnmappedTally(this.#paths, this.#depth + 1)
    const entry = { documents: new Counter(), types: new Map<string, Counter>(), inner }
    this.#named.set(name, entry)
    return entry
  }

  found(parent: string): Unmapped[] {
    return [...this.#named].map(([name, { documents, types, inner }]) => {
      const path = name === '[]' ? `${parent}[]` : parent === '' ? name : `${parent}.${name}`
      const counts = [...types].map(([type, { count }]) => ({ type, count }))
      return {
        path,
        key: name,
        documents: documents.count,
        types: counts.sort((a, b) => b.count - a.count),
        members: inner.found(path),
      }
    })
  }
}
