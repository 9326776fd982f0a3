/**
 * Works on several values of a source side by side, and gives what came of them in the source's order. Where one fails, or
 * nobody wants more, those that have begun are waited for: nothing goes on behind the caller's back.
 *
 * @param most how many at a time.
 */
export async function* inTurn<T, R>(
  source: AsyncIterable<T>,
  work: (value: T) => Promise<R>,
  most: number,
): AsyncGenerator<R, void> {
  const begun: Promise<R>[] = []
  try {
    for await (const value of source) {
      const working = work(value)
      working.catch(() => undefined) // told when its turn comes
      begun.push(working)
      if (begun.length === most) yield await begun.shift()!
    }
    while (begun.length > 0) yield await begun.shift()!
  } finally {
    await Promise.allSettled(begun)
  }
}
