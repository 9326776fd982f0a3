import type { Id, Rec } from '../../src/entity/entity.ts'
import { type Broken, brokenBy } from '../model/checks.ts'
import { coinsAtFirst, type Operation, type TypeName } from './operations.ts'

type Records = ReadonlyMap<Id, Rec>

const byId = (operations: readonly Operation[]): ReadonlyMap<string, Operation[]> =>
  Map.groupBy(operations, ({ id }) => id)

/** At least what was acknowledged, at most what may have been written besides. */
function counted(operations: readonly Operation[], id: string, left: Rec | undefined): Broken[] {
  const count = (outcome: Operation['outcome']): number => operations.filter((each) => each.outcome === outcome).length
  const [least, unknown] = [count('ok'), count('unknown')]
  const n = left === undefined ? null : Number(left['n'])
  const text = `${id} counts ${n}, of ${least} acknowledged and ${unknown} unknown`
  if (n === null || n < least) return [{ promise: 'lost', text }]
  return n > least + unknown ? [{ promise: 'doubled', text }] : []
}

/** Each item once, and the basket itself. */
function filled(operations: readonly Operation[], id: string, left: Rec | undefined): Broken[] {
  const items = (left?.['items'] ?? []) as readonly string[]
  const wasMade = operations.some(({ kind, outcome }) => kind === 'create' && outcome === 'ok')
  const appends = operations.filter(({ kind }) => kind === 'append')
  return [
    ...(wasMade && !left ? [{ promise: 'lost' as const, text: `${id} was made, and is lost` }] : []),
    ...brokenBy(appends, id, { id, log: items, n: items.length }),
  ]
}

/** Holders are those of the last that was acknowledged, or of any that may have been written, as far as that came. */
function seated(operations: readonly Operation[], first: string, records: Records): Broken[] {
  const second = first.replace(/0$/, '1')
  const last = operations.findLast(({ outcome }) => outcome === 'ok')
  const maybe = operations.filter(({ outcome }) => outcome === 'unknown')
  const allowed = [
    [last ? last.holders![0] : `first-${first}`, ...maybe.map(({ holders }) => holders![0])],
    [last ? last.holders![1] : `first-${second}`, ...maybe.flatMap(({ holders }) => [null, holders![1]])],
  ]
  return [first, second].flatMap((id, n) => {
    const holder = records.get(id)?.['holder'] as string | null | undefined
    if (holder !== undefined && allowed[n]!.includes(holder)) return []
    return [{ promise: 'lost' as const, text: `${id} is held by ${holder}, not by ${allowed[n]![0]}` }]
  })
}

/** Transfers as clients were told of them, and purses as the transfers that stand have left them. */
function transferred(operations: readonly Operation[], purses: Records, transfers: Records): Broken[] {
  const told = operations.flatMap(({ id, outcome }): Broken[] => {
    const isThere = transfers.has(id)
    const text = `${id} is ${isThere ? '' : 'not '}there, and was ${outcome}`
    if (outcome === 'ok' && !isThere) return [{ promise: 'lost', text }]
    return (outcome === 'refused' || outcome === 'none') && isThere ? [{ promise: 'untrue', text }] : []
  })
  const made = [...transfers.values()]
  const halved = [...purses].flatMap(([id, { coins }]): Broken[] => {
    const brought = made.filter(({ to }) => to === id).length
    const taken = made.filter(({ from }) => from === id).length
    const wanted = coinsAtFirst + brought - taken
    return coins === wanted ? [] : [{ promise: 'lost', text: `${id} holds ${coins}, and transfers leave it ${wanted}` }]
  })
  return [...told, ...halved]
}

/** One value, one seat. */
function unique(records: Records): Broken[] {
  const holders = [...records.values()].map(({ holder }) => holder).filter((holder) => holder !== null)
  const twice = holders.filter((holder, n) => holders.indexOf(holder) !== n)
  return twice.map((holder) => ({ promise: 'doubled', text: `${holder} holds two seats` }))
}

/** Each promise that what is left breaks, held against what clients were told. */
export function checked(all: readonly Operation[], left: Readonly<Record<TypeName, Records>>): Broken[] {
  const of = (type: TypeName) => [...byId(all.filter((operation) => operation.type === type))]
  return [
    ...of('Counter').flatMap(([id, operations]) => counted(operations, id, left.Counter.get(id))),
    ...of('Basket').flatMap(([id, operations]) => filled(operations, id, left.Basket.get(id))),
    ...of('Note').flatMap(([id, operations]) => brokenBy(operations, id, left.Note.get(id) ?? null)),
    ...of('Seat').flatMap(([id, operations]) => seated(operations, id, left.Seat)),
    ...unique(left.Seat),
    ...transferred(
      all.filter(({ kind }) => kind === 'transfer'),
      left.Purse,
      left.Transfer,
    ),
  ]
}
