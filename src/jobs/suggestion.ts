/** A line of the mapping that would fit what is stored better. */
export interface Suggestion {
  /** The path of the object that the field belongs to; empty for the entity itself. */
  readonly within: string
  /** TypeScript, as it stands among the fields. */
  readonly code: string
  readonly because: string
}
