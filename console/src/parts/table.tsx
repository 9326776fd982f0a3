import type { ComponentChildren } from 'preact'

export interface Column<T> {
  readonly title: string
  readonly of: (row: T) => ComponentChildren
}

interface TableProps<T> {
  readonly rows: readonly T[]
  /** What a row is known by when it comes again. */
  readonly keyOf: (row: T) => string
  /** The first one names the row. */
  readonly columns: readonly [Column<T>, ...Column<T>[]]
  /** Cells hold names, words and numbers of ours, which are not broken inside. */
  readonly isOfWords?: boolean
  /** Rows that are to be noticed. */
  readonly isOdd?: (row: T) => boolean
}

/** Rows of records; where there is no room each is a card that says what its values are. */
export function Table<T>({ rows, keyOf, columns, isOfWords = false, isOdd = () => false }: TableProps<T>) {
  const [first, ...others] = columns
  return (
    <table class={isOfWords ? 'words' : undefined}>
      <thead>
        <tr>
          {columns.map(({ title }) => (
            <th key={title} scope="col">
              {title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={keyOf(row)} class={isOdd(row) ? 'odd' : undefined}>
            <th scope="row">{first.of(row)}</th>
            {others.map(({ title, of }) => (
              <td key={title} data-label={title}>
                {of(row)}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  )
}
