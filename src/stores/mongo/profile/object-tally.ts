import { Spread } from '../../../util/spread.ts'
import { bsonType } from '../codec/typed.ts'
import { Counter } from './counter.ts'
import type { FieldProfile } from './field-tally.ts'
import { Findings, type Met } from './findings.ts'

/** An embedded object, or a list of objects. */
interface Shape {
  readonly path: string
  readonly required: boolean
  readonly isList: boolean
  readonly sensitive: boolean
}

/** Counts what stands in the place of an object, or of a list of objects. */
export class ObjectTally {
  readonly #shape: Shape
  readonly #missing = new Counter()
  readonly #nulls = new Counter()
  readonly #own = new Counter()
  readonly #lost: Findings
  readonly #elements = new Spread()

  constructor(shape: Shape) {
    this.#shape = shape
    this.#lost = new Findings(shape.sensitive)
  }

  own(document: Met, elements?: number): void {
    this.#own.add(document.number)
    if (elements !== undefined) this.#elements.add(elements)
  }

  /** Something that is no object, in a list of objects or in its place. */
  stray(value: unknown, document: Met, rule: string): void {
    this.#lost.add(document, bsonType(value), value, rule)
  }

  /** What is there, if anything, is no object, or no list. */
  other(value: unknown, present: boolean, document: Met, rule: string): void {
    if (!present) this.#missing.add(document.number)
    if (value !== null && value !== undefined) this.stray(value, document, rule)
    else if (this.#shape.required)
      this.#lost.add(document, present ? bsonType(value) : 'missing', value, 'is required but null or missing')
    else this.#nulls.add(document.number)
  }

  profile(): FieldProfile {
    const { path, isList, sensitive } = this.#shape
    return {
      path,
      kind: isList ? 'objects' : 'object',
      list: isList,
      sensitive,
      missing: this.#missing.count,
      nulls: this.#nulls.count,
      own: this.#own.count,
      coerced: [],
      lost: this.#lost.all(),
      otherwise: [],
      invalidTexts: 0,
      range: null,
      lengths: null,
      elements: this.#elements.summary(),
      strays: [],
    }
  }
}
