/**
 * A part of a type's values: texts that match a regular expression, all but some, or those between two, both included;
 * values as text.
 */
export type Among =
  | { readonly matching: string }
  | { readonly without: readonly string[] }
  | { readonly from: string; readonly to: string }

/**
 * How one kind is stored in a column: values `T` of records, which the driver returns as `Raw`. Rows hold only values that
 * were faithful when they were written.
 */
export interface PostgresKind<T, Raw> {
  /** Column type, with its collation. */
  readonly type: string
  /** Type name for casts of parameters. */
  readonly cast: string
  /** Which values of the column's type are of the kind; absent where all are. */
  readonly among?: Among
  decode(raw: Raw): T
  /**
   * From the text that Postgres prints, for kinds that lose something as a JSON number, or have no JSON form; for the
   * others JSON holds what the driver returns.
   */
  fromText?(text: string): T
  /** To a value that the driver binds, and that also stands in JSON for `json_to_recordset`. */
  encode(value: T): unknown
}
