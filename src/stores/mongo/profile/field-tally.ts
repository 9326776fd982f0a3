import type { KindName } from '../../../codec/kinds.ts'
import { type Issue, Refused } from '../../../codec/refused.ts'
import type { Leaf } from '../../../entity/entity.ts'
import { Spread, type SpreadSummary } from '../../../util/spread.ts'
import { decodeLeaf } from '../codec/decode.ts'
import { coercionOf } from '../codec/expression.ts'
import { mongoKind } from '../codec/mongo-kinds.ts'
import { bsonType, promoted } from '../codec/typed.ts'
import { InvalidText } from '../codec/unsound.ts'
import { Counter } from './counter.ts'
import { type Finding, Findings, type LostFinding, type Met } from './findings.ts'

/** What GraphQL's own scalar of a kind answers for a raw value; undefined where it has none. */
export type Answer = (kind: KindName, raw: unknown) => unknown

/** What the documents hold in one field. Of a list a document counts once for each sort of element in it. */
export interface FieldProfile {
  readonly path: string
  readonly kind: KindName | 'object' | 'objects'
  readonly list: boolean
  readonly sensitive: boolean
  /** Documents that have nothing of that name. */
  readonly missing: number
  /** Documents of which the record holds null, those of `missing` and what means null among them. */
  readonly nulls: number
  /** Of the field's own kind. */
  readonly own: number
  /** Of another kind, or converted, with a meaning all the same. */
  readonly coerced: readonly Finding[]
  /** Null in the record, with a data issue. */
  readonly lost: readonly LostFinding[]
  /** The answer is another one than GraphQL's own scalar gives for the raw value. */
  readonly otherwise: readonly Finding[]
  /** Texts that are not UTF-8, in documents. */
  readonly invalidTexts: number
  /** The least and the greatest number or date (without its time at midnight, UTC), as text; null where there is none, or the field is sensitive. */
  readonly range: { readonly min: string; readonly max: string } | null
  /** Lengths of texts, in UTF-16 units. */
  readonly lengths: SpreadSummary | null
  /** Elements a list. */
  readonly elements: SpreadSummary | null
  /** Texts that are no values of the field, where they are few, with how many documents hold each. Never of a sensitive field. */
  readonly strays: readonly { readonly text: string; readonly count: number }[]
}

const maxStrays = 24
const maxStray = 40 // characters

/** The least and the greatest of what can be compared. */
class Extremes {
  #min: number | bigint | Date | null = null
  #max: number | bigint | Date | null = null

  add(value: unknown): void {
    if (typeof value !== 'number' && typeof value !== 'bigint' && !(value instanceof Date)) return
    if (this.#min === null || value < this.#min) this.#min = value
    if (this.#max === null || value > this.#max) this.#max = value
  }

  range(): FieldProfile['range'] {
    const text = (value: number | bigint | Date): string =>
      value instanceof Date ? value.toISOString().replace('T00:00:00.000Z', '') : value.toString()
    return this.#min === null || this.#max === null ? null : { min: text(this.#min), max: text(this.#max) }
  }
}

/** Counts what stands in one field. */
export class FieldTally {
  readonly #path: string
  readonly #leaf: Leaf
  readonly #answer: Answer
  /** Told of each value that a record would have. */
  readonly #hear: ((value: unknown, document: Met) => void) | null
  /** The leaf as an element of its list, and where null is no issue. */
  readonly #scalar: Leaf
  readonly #types: ReadonlySet<string>
  /** Whether a value may be converted although it is of a type of its kind. */
  readonly #mayCoerce: boolean
  readonly #issues: Issue[] = []
  readonly #missing = new Counter()
  readonly #nulls = new Counter()
  readonly #own = new Counter()
  readonly #invalid = new Counter()
  readonly #coerced: Findings
  readonly #lost: Findings
  readonly #otherwise: Findings
  readonly #extremes = new Extremes()
  readonly #lengths = new Spread()
  readonly #elements = new Spread()
  readonly #strays = new Map<string, Counter>()

  constructor(path: string, leaf: Leaf, answer: Answer, hear: ((value: unknown, document: Met) => void) | null) {
    this.#path = path
    this.#leaf = leaf
    this.#answer = answer
    this.#hear = hear
    this.#scalar = { ...leaf, list: 'none', required: false }
    this.#types = new Set(mongoKind(leaf).types)
    this.#mayCoerce = coercionOf(leaf) !== null || leaf.converter.intPrefix === true
    this.#coerced = new Findings(leaf.sensitive)
    this.#lost = new Findings(leaf.sensitive)
    this.#otherwise = new Findings(leaf.sensitive)
  }

  /** @param value typed, see `decodeTyped`. */
  add(value: unknown, present: boolean, document: Met): void {
    if (!present) this.#missing.add(document.number)
    const { list, required } = this.#leaf
    if (value === null || value === undefined) {
      if (!required) this.#nulls.add(document.number)
      else this.#lost.add(document, present ? bsonType(value) : 'missing', value, 'is required but null or missing')
    } else if (list === 'none') this.#value(value, document)
    else if (!Array.isArray(value) && !this.#leaf.orOne)
      this.#lost.add(document, bsonType(value), value, 'is not a list')
    else {
      const elements = Array.isArray(value) ? value : [value]
      this.#elements.add(elements.length)
      for (const element of elements) this.#element(element, document)
    }
  }

  #value(value: unknown, document: Met): void {
    const { decoded, raw } = this.#decode(value, document)
    if (decoded === null && this.#issues.length === 0) {
      if (this.#leaf.required) this.#lost.add(document, bsonType(value), value, 'is required but null or missing')
      else this.#nulls.add(document.number)
      if (this.#differs(raw, null)) this.#strange(this.#otherwise, value, document)
    }
  }

  #element(value: unknown, document: Met): void {
    if (value !== null) {
      const { decoded } = this.#decode(value, document)
      if (decoded !== null || this.#issues.length > 0) return
    }
    const rule = value === null ? 'is null inside a list' : 'means null inside a list'
    this.#lost.add(document, bsonType(value), value, rule)
    this.#otherwise.add(document, bsonType(value), value)
  }

  /** Counts a value that is there, unless it means nothing: that depends on where it stands. */
  #decode(value: unknown, document: Met): { readonly decoded: unknown; readonly raw: unknown } {
    const raw = promoted(value)
    const issues = this.#issues
    issues.length = 0
    const decoded = decodeLeaf(this.#scalar, raw, issues)
    const [issue] = issues
    if (value instanceof InvalidText) this.#invalid.add(document.number)
    if (issue) this.#strange(this.#lost, value, document, issue.rule)
    else if (decoded !== null) {
      this.#hear?.(decoded, document)
      this.#extremes.add(decoded)
      if (this.#leaf.kind === 'text') this.#lengths.add(String(decoded).length)
      if (this.#isOwn(value, raw)) {
        this.#own.add(document.number)
        return { decoded, raw } // what its own scalar makes of it as well
      }
      this.#coerced.add(document, bsonType(value), value)
    } else return { decoded, raw }
    const isLeftOut = decoded === null && this.#leaf.list !== 'none'
    if (isLeftOut || this.#differs(raw, decoded)) this.#otherwise.add(document, bsonType(value), value)
    return { decoded, raw }
  }

  #isOwn(value: unknown, raw: unknown): boolean {
    if (!this.#mayCoerce) return true
    return this.#types.has(bsonType(value)) && !(mongoKind(this.#leaf).decode(raw) instanceof Refused)
  }

  #differs(raw: unknown, decoded: unknown): boolean {
    const given = this.#answer(this.#leaf.kind, raw)
    return given !== undefined && (given ?? null) !== (decoded ?? null)
  }

  #strange(findings: Findings, value: unknown, document: Met, rule?: string): void {
    findings.add(document, bsonType(value), value, rule)
    if (typeof value !== 'string' || value.length > maxStray || this.#leaf.sensitive) return
    let stray = this.#strays.get(value)
    if (!stray && this.#strays.size <= maxStrays) this.#strays.set(value, (stray = new Counter()))
    stray?.add(document.number)
  }

  profile(): FieldProfile {
    const { kind, list, sensitive } = this.#leaf
    const strays = [...this.#strays].map(([text, { count }]) => ({ text, count }))
    return {
      path: this.#path,
      kind,
      list: list !== 'none',
      sensitive,
      missing: this.#missing.count,
      nulls: this.#nulls.count,
      own: this.#own.count,
      coerced: this.#coerced.plain(),
      lost: this.#lost.all(),
      otherwise: this.#otherwise.plain(),
      invalidTexts: this.#invalid.count,
      range: sensitive ? null : this.#extremes.range(),
      lengths: this.#lengths.summary(),
      elements: this.#elements.summary(),
      strays: strays.length > maxStrays ? [] : strays.sort((a, b) => b.count - a.count),
    }
  }
}
