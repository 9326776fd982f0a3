/** Arithmetic over numbers of the record, at paths `P`, before the patch; null counts as 0. */
export type Arithmetic<P extends string = string> =
  | number
  | { readonly path: P }
  | {
      readonly op: 'add' | 'subtract' | 'multiply' | 'divide'
      readonly left: Arithmetic<P>
      readonly right: Arithmetic<P>
    }

/** An element for a place of a list. */
export interface Inserted<T = unknown> {
  readonly value: T
  readonly at: number
}

export type OperationName =
  | 'increment'
  | 'compute'
  | 'min'
  | 'max'
  | 'append'
  | 'addToSet'
  | 'insert'
  | 'pull'
  | 'pop'
  | 'change'

/** A change without its place, as mutations write it: `{ votes: increment(1) }`. */
export class Operation<O extends OperationName = OperationName, T = unknown> {
  readonly op: O
  readonly operand: T

  constructor(op: O, operand: T) {
    this.op = op
    this.operand = operand
  }
}

/**
 * Adds to a number; a sum that the field can't hold exactly is refused. Longs take bigints, and whole numbers below 2^53
 * like decimals do; fractions are added to decimals as text: `increment('0.10')`.
 */
export const increment = <T extends number | bigint | string>(by: T): Operation<'increment', T> =>
  new Operation('increment', by)
/** The lower of what a number or an instant is and a value; null gives way to the value. */
export const min = <const T>(value: T): Operation<'min', T> => new Operation('min', value)
/** The higher of the two, likewise. */
export const max = <const T>(value: T): Operation<'max', T> => new Operation('max', value)
/** Puts an element behind the last; a list that is null becomes one of it alone. */
export const append = <const T>(value: T): Operation<'append', T> => new Operation('append', value)
/** Puts an element behind the last, unless the list has an equal one. Not for lists of objects. */
export const addToSet = <const T>(value: T): Operation<'addToSet', T> => new Operation('addToSet', value)
/**
 * Puts an element at a place of the list: 0 is before the first, -1 before the last. Past an end of the list it is put
 * there; a list that is null becomes one of it alone.
 */
export const insert = <const T>(value: T, at: number): Operation<'insert', Inserted<T>> =>
  new Operation('insert', { value, at })
/** Takes out elements that are equal to a value; of a list of objects those that match a condition, see `where`. */
export const pull = <const T>(value: T): Operation<'pull', T> => new Operation('pull', value)
/** Takes out the last element, or the first; a list that has none, or is null, stays what it is. */
export const pop = (which: 'first' | 'last' = 'last'): Operation<'pop', 'first' | 'last'> => new Operation('pop', which)
/** Sets a number to arithmetic over the record's own; ints are rounded, and what the field can't hold is refused. */
export const compute = <P extends string>(value: Arithmetic<P>): Operation<'compute', Arithmetic<P>> =>
  new Operation('compute', value)

/** A number of the record as it was before the patch; null counts as 0. */
export const field = <const P extends string>(path: P): Arithmetic<P> => ({ path })
const binary =
  (op: 'add' | 'subtract' | 'multiply' | 'divide') =>
  <P extends string = never, Q extends string = never>(
    left: Arithmetic<P>,
    right: Arithmetic<Q>,
  ): Arithmetic<P | Q> => ({
    op,
    left,
    right,
  })
/** The sum: `compute(add(field('votes'), 1))`. */
export const add = binary('add')
/** The left less the right. */
export const subtract = binary('subtract')
/** The product. */
export const multiply = binary('multiply')
/** The left by the right; what is divided by 0 is refused when it is written. */
export const divide = binary('divide')
