import type { Outcome } from '../model/operations.ts'
import type { Random } from '../model/random.ts'

export type TypeName = 'Counter' | 'Basket' | 'Note' | 'Seat' | 'Purse' | 'Transfer'

/** A mutation that a client may ask for. */
export interface Mutation {
  readonly type: TypeName
  readonly kind: 'create' | 'increment' | 'append' | 'delete' | 'seat' | 'transfer'
  readonly id: string
  /** What it leaves in the record, found nowhere else; of seats their holders. */
  readonly token: string
  readonly query: string
  readonly variables: Readonly<Record<string, unknown>>
}

/** One mutation, as its client saw it; times are of the one monotonic clock that all clients have. */
export interface Operation extends Omit<Mutation, 'query' | 'variables'> {
  readonly holders?: readonly [string, string]
  readonly start: number
  end: number | null
  outcome: Outcome
}

/** What one client asks for next. */
export type Next = (token: string) => Mutation

const createBasket = 'mutation ($id: ID!) { it: createBasket(id: $id) { id } }'
const append = 'mutation ($id: ID!, $item: String!) { it: append(id: $id, item: $item) { id items } }'
const createNote = 'mutation ($id: ID!, $token: String!) { it: createNote(id: $id, token: $token) { id log } }'
const addToNote = 'mutation ($id: ID!, $token: String!) { it: addToNote(id: $id, token: $token) { id log n } }'
const deleteNote = 'mutation ($id: ID!) { it: deleteNote(id: $id) }'
const increment = 'mutation ($id: ID!) { it: increment(id: $id) { id n } }'
const seat =
  'mutation ($first: ID!, $second: ID!, $holders: [String!]!) { it: seat(first: $first, second: $second, holders: $holders) { id holder } }'

const transfer =
  'mutation ($id: ID!, $from: ID!, $to: ID!) { it: transfer(id: $id, from: $from, to: $to) { id from to } }'

export const purses = ['purse-0', 'purse-1', 'purse-2', 'purse-3']
export const coinsAtFirst = 1_000

export const counters = ['counter-0', 'counter-1', 'counter-2']
export const notes = Array.from({ length: 6 }, (_, n) => `note-${n}`)

function incrementing(random: Random): Next {
  return (token) => {
    const id = random.pick(counters)
    return { type: 'Counter', kind: 'increment', id, token, query: increment, variables: { id } }
  }
}

/** Items of one basket at most: whoever writes a list sends it whole to the mirror. */
const mostItems = 30

/** All who append fill the same baskets, one after the other. */
function appending(random: Random, baskets: { id: string; items: number }[]): Next {
  return (token) => {
    const last = baskets.at(-1)
    if (!last || last.items >= mostItems) {
      const id = `basket-${baskets.length}`
      baskets.push({ id, items: 0 })
      return { type: 'Basket', kind: 'create', id, token, query: createBasket, variables: { id } }
    }
    const basket = random.pick(baskets.slice(-2))
    basket.items++
    const { id } = basket
    return { type: 'Basket', kind: 'append', id, token, query: append, variables: { id, item: token } }
  }
}

function noting(random: Random): Next {
  return (token) => {
    const id = random.pick(notes)
    const kind = random.pick(['create', 'create', 'append', 'append', 'append', 'delete'] as const)
    const query = { create: createNote, append: addToNote, delete: deleteNote }[kind]
    return { type: 'Note', kind, id, token, query, variables: kind === 'delete' ? { id } : { id, token } }
  }
}

/** One coin goes from one purse to another. The operation is that of the transfer, which is named by its token. */
function transferring(random: Random): Next {
  return (token) => {
    const from = random.pick(purses)
    const to = random.pick(purses.filter((purse) => purse !== from))
    return { type: 'Purse', kind: 'transfer', id: token, token, query: transfer, variables: { id: token, from, to } }
  }
}

/** Two seats of this client's own get two new holders, who then take each other's. */
function seating(client: number): Next {
  let holders: [string, string] | null = null
  const [first, second] = seatsOf(client)
  return (token) => {
    const next: [string, string] = holders ? [holders[1], holders[0]] : [`${token}-a`, `${token}-b`]
    holders = holders ? null : next
    const variables = { first, second, holders: next }
    return { type: 'Seat', kind: 'seat', id: first, token, query: seat, variables }
  }
}

export const seatsOf = (client: number): [string, string] => [`seat-${client}-0`, `seat-${client}-1`]

/** What each client asks for: as many for each type. */
export function clientsOf(
  random: (client: number) => Random,
  each: number,
  hasTransactions: boolean,
): { client: number; next: Next }[] {
  const baskets: { id: string; items: number }[] = []
  return Array.from({ length: each }, (_, n) => n).flatMap((n) =>
    [
      (r: Random) => incrementing(r),
      (r: Random) => appending(r, baskets),
      (r: Random) => noting(r),
      () => seating(n),
      ...(hasTransactions ? [(r: Random) => transferring(r)] : []),
    ].map((make, kind) => ({ client: n * 5 + kind, next: make(random(n * 5 + kind)) })),
  )
}

/** What is there before the first client comes. */
export const firstRecords = (clientsEach: number): { query: string; variables: object }[] => [
  ...counters.map((id) => ({ query: 'mutation ($id: ID!) { it: createCounter(id: $id) { id } }', variables: { id } })),
  ...purses.map((id) => ({
    query: 'mutation ($id: ID!, $coins: Int!) { it: createPurse(id: $id, coins: $coins) { id } }',
    variables: { id, coins: coinsAtFirst },
  })),
  ...Array.from({ length: clientsEach }, (_, n) => seatsOf(n))
    .flat()
    .map((id) => ({
      query: 'mutation ($id: ID!, $holder: String!) { it: createSeat(id: $id, holder: $holder) { id } }',
      variables: { id, holder: `first-${id}` },
    })),
]
