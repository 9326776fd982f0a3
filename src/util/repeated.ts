/** The first of a list whose key an earlier one has, or one of those that are taken. */
export function repeated<T>(
  list: readonly T[],
  keyOf: (each: T) => string,
  taken: Iterable<string> = [],
): T | undefined {
  const known = new Set(taken)
  return list.find((each) => known.size === known.add(keyOf(each)).size)
}
