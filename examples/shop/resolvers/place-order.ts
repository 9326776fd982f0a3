import { CrossfadeError, repeatable, type Transaction, together, write } from 'crossfade'
import { refusal } from '../auth/refusal.ts'
import { requireViewer } from '../auth/require.ts'
import { Book } from '../entities/book.ts'
import { Gadget } from '../entities/gadget.ts'
import { Order } from '../entities/order.ts'
import { builder } from '../schema/builder.ts'
import { OrderPayload } from '../schema/order.ts'
import { type Pieces, take } from './stock.ts'
import { sum } from './sum.ts'

const NewLine = builder.inputRef<Pieces>('NewOrderLine').implement({
  fields: (t) => ({
    sku: t.id({ required: true, description: 'The id of a product.' }),
    quantity: t.int({ required: true, description: 'From 1 to 99.' }),
  }),
})

/** @throws BAD_USER_INPUT */
function checkLines(lines: readonly Pieces[]): void {
  const refuse = (text: string): never => {
    throw new CrossfadeError('BAD_USER_INPUT', text)
  }
  if (lines.length < 1 || lines.length > 20) refuse(`An order has 1 to 20 lines, got ${lines.length}.`)
  if (new Set(lines.map(({ sku }) => sku)).size < lines.length) refuse('Each product has one line.')
  for (const { sku, quantity } of lines)
    if (quantity < 1 || quantity > 99) refuse(`quantity of ${sku} must be between 1 and 99, got ${quantity}.`)
}

/** A line as it is kept with the order: what the product is called and costs now. */
async function lineOf(tx: Transaction, pieces: Pieces) {
  const { title, price } = await take(tx, pieces)
  const { amount = null, currency = null } = price ?? {}
  if (amount === null || currency === null) throw refusal('NO_PRICE', `${pieces.sku} has no price.`)
  return { ...pieces, title, price: amount, currency }
}

async function placed(tx: Transaction, customerId: string, wanted: readonly Pieces[]) {
  const found = []
  // In one order for all, so that no two wait for each other's products
  for (const pieces of wanted.toSorted((one, other) => (one.sku < other.sku ? -1 : 1)))
    found.push(await lineOf(tx, pieces))
  const { currency } = found[0]!
  if (found.some((line) => line.currency !== currency))
    throw refusal('MIXED_CURRENCIES', 'An order is in one currency.')
  const lines = found.map(({ currency: _, ...line }) => line)
  return tx.of(Order).create({ customerId, status: 'new', lines, total: sum(lines), currency, placedAt: new Date() })
}

builder.mutationField('placeOrder', (t) =>
  t.field({
    type: OrderPayload,
    nullable: false,
    description: 'Takes the pieces out of stock and makes the order, or neither.',
    extensions: { writes: repeatable(together(Book, Gadget, Order)) },
    args: { lines: t.arg({ type: [NewLine], required: true }) },
    resolve: (_, { lines }, context, info) => {
      const { id, isStaff } = requireViewer(context)
      if (isStaff) throw refusal('FORBIDDEN', 'Orders are placed by customers.')
      checkLines(lines)
      return write(context, info, async (tx) => ({ order: await placed(tx, id, lines) }))
    },
  }),
)
