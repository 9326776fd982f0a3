/** What the reads of one request may ask of the stores. */
export interface ReadLimits {
  readonly statements: number
  /** Records, or other members of what reads return, each for each place of the answer where it stands. */
  readonly records: number
  /** Bytes of them as the stores send them, each once: what several places of the answer share counts as one. */
  readonly recordBytes: number
  /** The same of all requests that are under way. */
  readonly allRecordBytes: number
  /** Characters of a text, and members of a list, in arguments of `routed` fields. */
  readonly textLength: number
}

/** Of who reads nothing for a client. */
export const noReads: ReadLimits = { statements: 0, records: 0, recordBytes: 0, allRecordBytes: 0, textLength: 0 }
