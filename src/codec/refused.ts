/** Why a stored value has no faithful place in a record; becomes a data issue together with its raw form. */
export class Refused {
  readonly rule: string

  constructor(rule: string) {
    this.rule = rule
  }
}

/** One value that a decode could not carry: where it is in the document, what it was, which rule refused it. */
export interface Issue {
  /** Path in the document or table, dotted. */
  readonly path: string
  readonly rule: string
  /** The raw value as Extended JSON text, at most `maxRaw` characters. */
  readonly raw: string
}
