import type { Entity } from '../entity/entity.ts'
import { type Ledger, overwrite } from '../stores/ledger.ts'

const kind = 'confirmed'

/**
 * Resolves once the store has written something durably: what is read behind that is no older than the call. A primary
 * that was deposed, and does not know it, answers reads of what a majority once had, and no such write. To be awaited
 * before the absence of a record is believed, where something is removed because of it.
 *
 * @param by who asks: where several do at the same moment, one waits for the other.
 */
export const confirmed = (ledger: Ledger, by: string, { name }: Pick<Entity, 'name'>): Promise<void> =>
  overwrite(ledger, kind, `${by}/${name}`, null)
