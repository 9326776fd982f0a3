import {
  append,
  type Entity,
  type GatewayContext,
  increment,
  load,
  only,
  repeatable,
  type Transaction,
  together,
  type Writes,
  write,
} from 'crossfade'
import type { GraphQLResolveInfo } from 'graphql'
import { Basket, Counter, Note, Purse, Seat, Transfer } from './entities.ts'

const reads =
  (entity: Entity) =>
  (_: unknown, { id }: { id: string }, context: GatewayContext, info: GraphQLResolveInfo) =>
    load(context, info, entity, id)

/** A field that writes. */
const writing = <Args>(declared: Writes, work: (tx: Transaction, args: Args) => Promise<unknown>) => ({
  extensions: { writes: declared },
  resolve: (_: unknown, args: Args, context: GatewayContext, info: GraphQLResolveInfo) =>
    write(context, info, (tx) => work(tx, args)),
})

/** A field that writes one type. */
const writes = <Args>(entity: Entity, work: (tx: Transaction, args: Args) => Promise<unknown>) =>
  writing(only(entity), work)

interface Named {
  readonly id: string
}

interface Marked extends Named {
  readonly token: string
}

interface Paying extends Named {
  readonly from: string
  readonly to: string
}

interface Seating {
  readonly first: string
  readonly second: string
  readonly holders: readonly [string, string]
}

export const resolvers = {
  Query: { counter: reads(Counter), basket: reads(Basket), note: reads(Note), seat: reads(Seat), purse: reads(Purse) },
  Mutation: {
    createCounter: writes<Named>(Counter, (tx, { id }) => tx.of(Counter).create({ n: 0 }, id)),
    increment: writes<Named>(Counter, (tx, { id }) => tx.of(Counter).patch(id, { n: increment(1) })),
    createBasket: writes<Named>(Basket, (tx, { id }) => tx.of(Basket).create({ items: [] }, id)),
    append: writes<Named & { item: string }>(Basket, (tx, { id, item }) =>
      tx.of(Basket).patch(id, { items: append(item) }),
    ),
    createNote: writes<Marked>(Note, (tx, { id, token }) => tx.of(Note).create({ log: [token], n: 1 }, id)),
    addToNote: writes<Marked>(Note, (tx, { id, token }) =>
      tx.of(Note).patch(id, { log: append(token), n: increment(1) }),
    ),
    deleteNote: writes<Named>(Note, (tx, { id }) => tx.of(Note).delete(id)),
    createSeat: writes<Named & { holder: string }>(Seat, (tx, { id, holder }) => tx.of(Seat).create({ holder }, id)),
    seat: writes<Seating>(Seat, async (tx, { first, second, holders: [one, other] }) => {
      const seats = tx.of(Seat)
      await seats.patch(second, { holder: null })
      await seats.patch(first, { holder: one })
      return seats.patch(second, { holder: other })
    }),
    createPurse: writes<Named & { coins: number }>(Purse, (tx, { id, coins }) => tx.of(Purse).create({ coins }, id)),
    transfer: writing<Paying>(repeatable(together(Purse, Transfer)), async (tx, { id, from, to }) => {
      // In one order for everybody: else two would wait for each other
      for (const purse of [from, to].sort())
        await tx.of(Purse).patch(purse, { coins: increment(purse === from ? -1 : 1) })
      return tx.of(Transfer).create({ from, to }, id)
    }),
  },
}
