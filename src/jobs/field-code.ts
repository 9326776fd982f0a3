import type { Converter } from '../codec/converter.ts'
import type { KindName } from '../codec/kinds.ts'
import type { Leaf, Scope } from '../entity/entity.ts'
import type { Unique } from '../entity/field.ts'
import { snakeCase } from '../entity/names.ts'

/** The kind that holds values of a BSON type; other types have none, or have parts. */
export const kindOfType: Readonly<Partial<Record<string, KindName>>> = {
  objectId: 'objectId',
  string: 'text',
  symbol: 'text',
  int: 'int',
  long: 'long',
  double: 'float',
  decimal: 'decimal',
  bool: 'boolean',
  date: 'timestamp',
  binData: 'binary',
}

/** What the code of a field says. */
export interface FieldDraft {
  readonly kind: KindName
  readonly list: Leaf['list']
  readonly orOne: boolean
  readonly converter: Converter
  readonly values: readonly string[] | null
  readonly strict: boolean
  readonly required: boolean
  /** Relative to the object around it; null for the field's name. */
  readonly at: string | null
  readonly column: string | null
  readonly sensitive: boolean
  readonly unique: Unique | null
  readonly index: boolean
  readonly references: string | null
  readonly childTable: string | null
}

/** A text as a literal of TypeScript, whatever it holds. */
export function quoted(text: string): string {
  return /^[\w .\-/?]*$/.test(text) ? `'${text}'` : asciiOnly(JSON.stringify(text))
}

/** Marks that turn the direction of writing, and the like, would make code read otherwise than it is. */
const asciiOnly = (text: string): string =>
  text.replace(/[^\x20-\x7e]/g, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`)

const literal = (value: string | number | boolean): string =>
  typeof value === 'string' ? quoted(value) : String(value)

const functions: Readonly<Record<KindName, string>> = {
  objectId: 'objectId',
  text: 'text',
  int: 'int',
  float: 'float',
  boolean: 'boolean',
  timestamp: 'timestamp',
  json: 'json',
  decimal: 'decimal',
  long: 'long',
  longId: 'longId',
  compositeId: 'compositeId',
  uuid: 'uuid',
  binary: 'binary',
  enum: 'enumeration',
}

/** `text()` */
export const kindCode = (kind: KindName, given = ''): string => `${functions[kind]}(${given})`

function converterCode({ nullIf, intPrefix, forms }: Converter): string {
  const parts = [
    ...(nullIf ? [`nullIf: [${nullIf.map(literal).join(', ')}]`] : []),
    ...(intPrefix ? ['intPrefix: true'] : []),
    ...(forms ? [`forms: [${forms.map(quoted).join(', ')}]`] : []),
  ]
  return parts.length > 0 ? `{ ${parts.join(', ')} }` : ''
}

/** A field as its mapping says it now. */
export function draftOf(scope: Scope, leaf: Leaf): FieldDraft {
  const parent = scope.embeds.get(leaf.keys.slice(0, -1).join('.'))
  const at = parent ? leaf.mongo.slice(parent.mongo.length + 1) : leaf.mongo
  return {
    ...leaf,
    at: at === leaf.keys.at(-1) ? null : at,
    column: leaf.column === snakeCase(leaf.path) || leaf.childTable !== null ? null : leaf.column,
  }
}

/** `year: int({ intPrefix: true }).index(),` */
export function fieldCode(name: string, draft: FieldDraft): string {
  const { kind, list, orOne, converter, values, strict, required, at, column, sensitive } = draft
  const { unique, index, references, childTable } = draft
  const given = [values ? `[${values.map(quoted).join(', ')}]` : '', converterCode(converter)].filter((each) => each)
  const scalar = `${kindCode(kind, given.join(', '))}${strict ? '.strict()' : ''}`
  const nulls = unique?.nulls ? `{ nulls: '${unique.nulls}' }` : ''
  const calls = [
    ...(required ? ['required()'] : []),
    ...(at !== null ? [`at(${quoted(at)})`] : []),
    ...(column !== null ? [`column(${quoted(column)})`] : []),
    ...(childTable !== null ? [`childTable(${quoted(childTable)})`] : []),
    ...(references !== null ? [`references(${quoted(references)})`] : []),
    ...(unique ? [`unique(${nulls})`] : []),
    ...(index ? ['index()'] : []),
    ...(sensitive ? ['sensitive()'] : []),
  ]
  return `${name}: ${[list === 'none' ? scalar : `list(${scalar}${orOne ? ', { orOne: true }' : ''})`, ...calls].join('.')},`
}
