/** What the store with authority owes the other one of a type. */
export interface Owed {
  readonly owed: number
  readonly oldest: string | null
  readonly deadLetters: number
  readonly conflicts: number
}

export const owedFields = 'owed { owed oldest deadLetters conflicts }'
