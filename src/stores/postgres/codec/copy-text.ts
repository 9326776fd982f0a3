import type { ImpliedColumn } from '../../../entity/implied-tables.ts'
import type { Members } from '../../../entity/lists.ts'

type TextOf = (encoded: unknown) => string

const json: TextOf = JSON.stringify
const boolean: TextOf = (value) => (value === true ? 't' : 'f')

/** A value as its column reads it, from what its kind encodes: what `json_to_recordset` makes of the same in JSON. */
const texts: Readonly<Record<ImpliedColumn['type'], TextOf>> = {
  objectId: String,
  text: String,
  int: String,
  float: String,
  boolean,
  timestamp: String,
  json,
  decimal: String,
  long: String,
  longId: String,
  compositeId: String,
  uuid: String,
  binary: String,
  enum: String,
  presence: boolean,
  count: String,
  objects: json,
  rest: json,
  version: String,
  position: String,
}

const quoted = (text: string): string => `"${text.replace(/["\\]/g, '\\$&')}"`

/** An array's text; each element in quotes, since one may be empty, or be `NULL` and no null. */
const arrayText = (textOf: TextOf, values: readonly unknown[]): string =>
  `{${values.map((value) => (value === null ? 'NULL' : quoted(textOf(value)))).join()}}`

const escapes: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' }

const special = /[\\\n\r\t]/
const allSpecial = /[\\\n\r\t]/g

// Most texts have none, which is told faster than they are replaced by themselves
const escaped = (text: string): string =>
  special.test(text) ? text.replace(allSpecial, (each) => escapes[each]!) : text

function fieldText(textOf: TextOf, array: boolean, value: unknown): string {
  if (value === null || value === undefined) return '\\N'
  return escaped(array ? arrayText(textOf, value as readonly unknown[]) : textOf(value))
}

/** Rows in COPY's text format, from members as `json_to_recordset` takes them. */
export function copyText(columns: readonly ImpliedColumn[], rows: readonly Members[]): string {
  const fields = columns.map(({ name, type, array }) => ({ name, textOf: texts[type], array }))
  let text = ''
  for (const row of rows) {
    let before = ''
    for (const { name, textOf, array } of fields) {
      text += before + fieldText(textOf, array, row[name])
      before = '\t'
    }
    text += '\n'
  }
  return text
}

/** NUL and lone surrogates inside of JSON, where they are escaped; the backslash was doubled. */
const unfitEscape = /\\\\u(?:0000|d[89a-f])/

/**
 * Whether COPY would take rows as they are: a lone surrogate would become another character on the way, and some that are
 * escaped in JSON would go into a column of JSON that nobody could read in SQL. A NUL it refuses by itself.
 */
export const isCopyable = (text: string): boolean => text.isWellFormed() && !unfitEscape.test(text)
