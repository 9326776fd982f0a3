import type { Id } from '../entity/entity.ts'

interface Identified {
  readonly id: Id
}

type Batches<T> = AsyncIterator<readonly T[], void>

async function nextBatch<T>(batches: Batches<T>): Promise<readonly T[] | null> {
  const { done, value } = await batches.next()
  return done ? null : value
}

/**
 * Goes through two streams in id order side by side, once.
 *
 * @param order the streams', see `compareIds`.
 * @param look is given what both have, or one of them alone.
 * @param turn waited for behind each batch of either stream, which is named: nothing behind a batch of the first one was
 *   looked at then.
 */
export async function mergeById<T extends Identified>(
  first: Batches<T>,
  second: Batches<T>,
  order: (a: Id, b: Id) => number,
  look: (first: T | undefined, second: T | undefined) => void,
  turn: (of: 'first' | 'second') => Promise<void>,
): Promise<void> {
  let [left, right] = await Promise.all([nextBatch(first), nextBatch(second)])
  let [atLeft, atRight] = [0, 0]
  while (left || right) {
    if (left && atLeft === left.length) {
      await turn('first')
      left = await nextBatch(first)
      atLeft = 0
    } else if (right && atRight === right.length) {
      await turn('second')
      right = await nextBatch(second)
      atRight = 0
    } else {
      const [one, other] = [left?.[atLeft], right?.[atRight]]
      const side = one && other ? order(one.id, other.id) : one ? -1 : 1
      if (side <= 0) atLeft++
      if (side >= 0) atRight++
      look(side <= 0 ? one : undefined, side >= 0 ? other : undefined)
    }
  }
}
