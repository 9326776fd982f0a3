/** What the reads of one request may ask of the stores. */
export interface ReadLimits {
  readonly statements: number
  /** Records, or other members of what a read returns. */
  readonly records: number
  /** Characters of a text, and members of a list, in arguments of `routed` fields. */
  readonly textLength: number
}
