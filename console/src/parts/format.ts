const numbers = new Intl.NumberFormat('en')

export const count = (value: number): string => numbers.format(value)

const sizes = new Intl.NumberFormat('en', {
  notation: 'compact',
  style: 'unit',
  unit: 'byte',
  unitDisplay: 'narrow',
})

/** `1.2KB` */
export const bytes = (value: number): string => sizes.format(value)

/** Those of some counts that are not 0, each with what it is called. */
export const countsInWords = <Name extends string>(
  counts: Readonly<Record<NoInfer<Name>, number>>,
  names: Readonly<Record<Name, string>>,
): string[] =>
  (Object.keys(names) as Name[]).flatMap((name) => (counts[name] > 0 ? `${count(counts[name])} ${names[name]}` : []))

/** Milliseconds, with as many digits as tell something. */
export const ms = (value: number | null): string =>
  value === null ? '–' : `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`

const units = [
  ['d', 86_400],
  ['h', 3_600],
  ['min', 60],
  ['s', 1],
] as const

/** How long ago a time is. */
export function ago(at: string | null, now = Date.now()): string {
  if (at === null) return '–'
  const seconds = Math.max(0, Math.round((now - Date.parse(at)) / 1_000))
  const [unit, size] = units.find(([, length]) => seconds >= length) ?? units[3]
  return `${Math.floor(seconds / size)} ${unit} ago`
}
