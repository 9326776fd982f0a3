import { increment, type RecordOf, type Transaction, where } from 'crossfade'
import { refusal } from '../auth/refusal.ts'
import { Book } from '../entities/book.ts'
import { Gadget } from '../entities/gadget.ts'

/** How many pieces of a product. */
export interface Pieces {
  readonly sku: string
  readonly quantity: number
}

const enough = (quantity: number) => ({ stock: { gte: quantity }, deletedAt: { eq: null } })

/**
 * Takes pieces out of stock, all of them or none: the condition and the change are one step of the store, so that of twenty
 * who want the last five pieces five get one.
 *
 * @returns the product as it then is.
 * @throws OUT_OF_STOCK, NOT_FOUND.
 */
export async function take(tx: Transaction, { sku, quantity }: Pieces): Promise<RecordOf<typeof Book | typeof Gadget>> {
  const taking = { stock: increment(-quantity) }
  const book = await tx.of(Book).patchWhen(sku, where(Book, enough(quantity)), taking)
  const { outcome, record } =
    book.outcome === 'absent' ? await tx.of(Gadget).patchWhen(sku, where(Gadget, enough(quantity)), taking) : book
  if (outcome === 'changed') return record
  if (outcome === 'absent' || record.deletedAt !== null) throw refusal('NOT_FOUND', `There is no product ${sku}.`)
  throw refusal('OUT_OF_STOCK', `Of ${sku} there are ${record.stock} left.`)
}

/** Puts pieces back, also of a product that is sold no longer; of one that was purged there is nothing to put back. */
export async function putBack(tx: Transaction, { sku, quantity }: Pieces): Promise<void> {
  const change = { stock: increment(quantity) }
  if ((await tx.of(Book).patch(sku, change)) === null) await tx.of(Gadget).patch(sku, change)
}
