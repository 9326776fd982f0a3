/** Arithmetic over the record's own numbers before the patch; null counts as 0. */
export type Arithmetic =
  | number
  | { readonly path: string }
  | { readonly op: 'add' | 'subtract' | 'multiply' | 'divide'; readonly left: Arithmetic; readonly right: Arithmetic }

/** A change without its place, as mutations write it: `{ votes: increment(1) }`. */
export class Operation {
  readonly op: 'increment' | 'append' | 'addToSet' | 'pull' | 'compute'
  readonly operand: unknown

  constructor(op: Operation['op'], operand: unknown) {
    this.op = op
    this.operand = operand
  }
}

/** Adds to a number; decimals are given as text, `increment('0.10')`. A sum that the field can't hold exactly is refused. */
export const increment = (by: number | bigint | string): Operation => new Operation('increment', by)
/** Puts an element behind the last; a list that is null becomes one of it alone. */
export const append = (value: unknown): Operation => new Operation('append', value)
/** Likewise, unless the list has an equal element. Not for lists of objects. */
export const addToSet = (value: unknown): Operation => new Operation('addToSet', value)
/** Takes out elements that are equal to a value; of a list of objects those that match a condition on their members. */
export const pull = (value: unknown): Operation => new Operation('pull', value)
/** Sets a number to arithmetic over the record's own; ints are rounded, and what the field can't hold is refused. */
export const compute = (value: Arithmetic): Operation => new Operation('compute', value)

/** A number of the record as it was before the patch; null counts as 0. */
export const field = (path: string): Arithmetic => ({ path })
const binary =
  (op: 'add' | 'subtract' | 'multiply' | 'divide') =>
  (left: Arithmetic, right: Arithmetic): Arithmetic => ({ op, left, right })
export const add = binary('add')
export const subtract = binary('subtract')
export const multiply = binary('multiply')
export const divide = binary('divide')
