import { rawText } from '../codec/decode.ts'
import { Counter } from './counter.ts'

/** Values of one BSON type with one fate. */
export interface Finding {
  readonly type: string
  /** Documents. */
  readonly count: number
  /** Extended JSON text. */
  readonly id: string
  /** Extended JSON text of an example; null where the field is sensitive. */
  readonly example: string | null
}

/** Why values are null in the record, with a data issue. */
export interface LostFinding extends Finding {
  readonly rule: string
}

/** The document that is looked at. */
export interface Met {
  /** Its number among those that were read. */
  readonly number: number
  readonly id: unknown
}

const maxExample = 80 // characters

/** As Extended JSON text, cut where it is long. Numbers keep their types. */
export function shown(value: unknown): string {
  const text = rawText(value ?? null)
  return text.length > maxExample ? `${text.slice(0, maxExample).toWellFormed()}…` : text
}

interface Group {
  readonly type: string
  readonly rule: string
  readonly counter: Counter
  readonly id: string
  readonly example: string | null
}

/** Findings by type and rule, with the first of each as its example. Empty texts are told apart: they are many people's null. */
export class Findings {
  readonly #groups = new Map<string, Group>()
  readonly #sensitive: boolean

  constructor(sensitive: boolean) {
    this.#sensitive = sensitive
  }

  add(document: Met, type: string, value: unknown, rule = ''): void {
    const key = `${type}|${rule}|${value === ''}`
    let group = this.#groups.get(key)
    if (!group) {
      const example = this.#sensitive ? null : shown(value)
      group = { type, rule, counter: new Counter(), id: rawText(document.id), example }
      this.#groups.set(key, group)
    }
    group.counter.add(document.number)
  }

  all(): LostFinding[] {
    return [...this.#groups.values()].map(({ counter: { count }, ...told }) => ({ ...told, count }))
  }

  /** Likewise, of what has no rule. */
  plain(): Finding[] {
    return this.all().map(({ rule: _, ...told }) => told)
  }
}
