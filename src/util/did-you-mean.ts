import { closest, distance } from 'fastest-levenshtein'

/** ` Did you mean "title"?`, or nothing where no known name is near. */
export function didYouMean(given: string, known: Iterable<string>): string {
  const names = [...known]
  if (names.length === 0) return ''
  const nearest = closest(given, names)
  const steps = distance(given, nearest)
  return steps < given.length && steps <= Math.max(1, given.length * 0.4) ? ` Did you mean "${nearest}"?` : ''
}
