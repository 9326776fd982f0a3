/** Asks for the next value while the present one is looked at. */
export async function* readAhead<T>(source: AsyncGenerator<T, void>): AsyncGenerator<T, void> {
  try {
    for (let ahead = source.next(); ; ) {
      const { done, value } = await ahead
      if (done) return
      ahead = source.next()
      ahead.catch(() => undefined) // told when it is waited for
      yield value
    }
  } finally {
    source.return().catch(() => undefined) // what is on its way need not be waited for
  }
}
