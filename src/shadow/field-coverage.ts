import type { Coverage } from '../stores/coverage.ts'

/** A field of the contract, and the record paths that it is read by. */
export interface ContractField {
  /** As clients write it, from the record's type on: `imdb.rating`. */
  readonly field: string
  readonly paths: readonly string[]
}

/** What one resolver read of a field, or of a result that is compared as a whole. */
export interface ResolverCoverage {
  readonly resolver: string
  /** Reads for clients in a stage that compares. */
  readonly asked: number
  readonly compared: number
  readonly matched: number
  /** Times that the store that answers was read twice; how often it differed with itself. */
  readonly repeated: number
  readonly flapped: number
  readonly lastAt: Date | null
}

export interface FieldCoverage extends ContractField {
  /** Empty where no client has asked for it. */
  readonly readBy: readonly ResolverCoverage[]
}

const ofResolver = ({ path: _, read: asked, ...counts }: Coverage): ResolverCoverage => ({ ...counts, asked })

const least = (rows: readonly Coverage[], count: (row: Coverage) => number): number => Math.min(...rows.map(count))

/** A field that is read by several paths is covered as the least covered of them. */
function together(rows: readonly Coverage[]): ResolverCoverage {
  const [oldest] = rows.toSorted((a, b) => (a.lastAt?.getTime() ?? 0) - (b.lastAt?.getTime() ?? 0))
  return {
    ...ofResolver(oldest!),
    asked: least(rows, ({ read }) => read),
    compared: least(rows, ({ compared }) => compared),
    matched: least(rows, ({ matched }) => matched),
    repeated: least(rows, ({ repeated }) => repeated),
    flapped: Math.max(...rows.map(({ flapped }) => flapped)),
  }
}

/** What clients asked for of each field of the contract, and what was compared of it. */
export function fieldCoverage(fields: readonly ContractField[], rows: readonly Coverage[]): FieldCoverage[] {
  const byResolver = Map.groupBy(rows, ({ resolver }) => resolver)
  return fields.map((field) => ({
    ...field,
    readBy: [...byResolver.values()].flatMap((of) => {
      const ofField = of.filter(({ path }) => field.paths.includes(path))
      return ofField.length < field.paths.length ? [] : [together(ofField)]
    }),
  }))
}

/** The same of results that are compared as a whole: counts, aggregates, fields by hand. */
export const resultCoverage = (rows: readonly Coverage[]): ResolverCoverage[] =>
  rows.filter(({ path }) => path === '').map(ofResolver)

/** Clients ask for it, and nobody knows whether the other store would answer the same. */
export const isUnproved = ({ asked, compared }: ResolverCoverage): boolean => asked > 0 && compared === 0
