/** Of which mapping and which state of the mirror something is said. */
export interface Basis {
  /** See `mappingDigest`. */
  readonly mapping: string
  /** Of the type's flag. */
  readonly epoch: number
}

/** What was read and compared of one field by one resolver. */
export interface FieldCounts {
  readonly resolver: string
  /** Record path; empty for a result that is compared as a whole: a count, an aggregate, a field by hand. */
  readonly path: string
  /** Reads for clients in a stage that compares, sampled or not. */
  readonly read: number
  readonly compared: number
  /** Of those compared: both stores had the same. */
  readonly matched: number
  /** Times that the store that answers was read twice, to be compared with itself. */
  readonly repeated: number
  /** Of these: it differed with itself. */
  readonly flapped: number
}

/** The same as a gateway tells it. */
export interface SeenCoverage extends FieldCounts, Basis {
  readonly type: string
  /** How long ago it was compared last, in milliseconds; null where it was not. */
  readonly agoMs: number | null
}

export interface Coverage extends FieldCounts {
  /** When it was compared last. */
  readonly lastAt: Date | null
}
