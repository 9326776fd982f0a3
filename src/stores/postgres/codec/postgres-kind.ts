/** How one kind is stored in a column. Rows hold only values that were faithful when they were written. */
export interface PostgresKind<T> {
  /** Column type, with its collation. */
  readonly type: string
  /** Type name for casts of parameters. */
  readonly cast: string
  /** From what the driver returns. */
  decode(raw: unknown): T
  /**
   * From the text that Postgres prints, for kinds that lose something as a JSON number, or have no JSON form; for the
   * others JSON holds what the driver returns.
   */
  readonly fromText?: (text: string) => T
  /** To a value that the driver binds, and that also stands in JSON for `json_to_recordset`. */
  encode(value: T): unknown
}
