import type { PutOutcome } from './store.ts'

/** What keeps a record out, and which ones hold it; a store does not always tell, and it may be a document of another type. */
export const heldText = ({ constraint, by }: Extract<PutOutcome, { put: 'blocked' }>): string =>
  `${constraint} is held by ${by.length > 0 ? by.join(', ') : 'another document'}`
