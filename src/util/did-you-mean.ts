import { closest, distance } from 'fastest-levenshtein'

/** ` Did you mean "title"?`, or nothing where no known name is near. */
export function didYouMean(given: string, known: Iterable<string>): string {
  const names = [...known]
  if (names.length === 0) return ''
  const nearest = closest(given, names)
  const steps = distance(given, nearest)
  const most = Math.max(given.length * 0.4, given.length > 3 ? 2 : 1) // two letters that changed places are two steps
  return steps < given.length && steps <= most ? ` Did you mean "${nearest}"?` : ''
}
