import pg from 'pg'

type Callback = (error: Error | undefined, result: pg.ResultBuilder) => void

/** A row as it arrives; its length is in bytes. */
interface DataRow {
  readonly length: number
}

declare module 'pg' {
  // The driver's own, which its types leave out
  interface Query {
    handleDataRow(row: DataRow): void
  }
}

interface Counting {
  /** @throws where there are too many bytes. */
  readonly arrived: (bytes: number) => void
  /** Told of what `arrived` has thrown; whoever sent the statement ends the connection then, and with it the rest. */
  readonly onTooMuch: (error: unknown) => void
}

/** A statement that tells how many bytes its rows have, as they arrive, and keeps none past what is too much. */
export class CountedQuery extends pg.Query {
  readonly #counting: Counting

  constructor(text: string, values: readonly unknown[], callback: Callback, counting: Counting) {
    super(text, [...values], callback)
    this.#counting = counting
  }

  override handleDataRow(row: DataRow): void {
    try {
      this.#counting.arrived(row.length)
    } catch (error) {
      return void this.#counting.onTooMuch(error) // thrown, it would end the process
    }
    super.handleDataRow(row)
  }
}
