import { fingerprint } from '../compare/differences.ts'
import type { Question } from './experiment.ts'
import type { Found, Published } from './found.ts'
import type { KnownRules } from './known-rules.ts'
import type { Publisher } from './publisher.ts'
import { cut, cutText } from './redact.ts'

/** Tells what comparisons find, as the rules in force have it. */
export class Reporter {
  readonly #publisher: Publisher
  readonly #rules: KnownRules

  constructor(publisher: Publisher, rules: KnownRules) {
    this.#publisher = publisher
    this.#rules = rules
  }

  /** To be awaited before something is reported; never rejects. */
  ready(): Promise<void> {
    return this.#rules.refresh()
  }

  /** Each once, however often a comparison meets it. */
  report(question: Question, found: Found, findings: readonly Published[]): void {
    const { entity, resolver } = question
    for (const finding of findings) {
      const { kind, path } = finding
      const verdict = this.#rules.verdictOf({ type: entity.name, kind, path, resolver })
      if (found.add(finding, verdict)) this.#publish(question, finding, verdict !== null)
    }
  }

  #publish({ entity, resolver, args, stores, seenIn }: Question, finding: Published, isCovered: boolean): void {
    const { kind, path, id, control, candidate, ...versions } = finding
    const type = entity.name
    const mismatch = {
      fingerprint: fingerprint(type, resolver, kind, path),
      type,
      resolver,
      kind,
      path,
      id: id === null ? null : cutText(String(id)),
      args: cut(args()),
      control: cut(control),
      candidate: cut(candidate),
      ...versions,
      answeredBy: stores.control,
      ...(seenIn ? { traceId: seenIn.traceId } : {}),
    }
    this.#publisher.mismatch(mismatch, isCovered)
  }
}
