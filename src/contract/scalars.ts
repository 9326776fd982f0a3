import type { KindName } from '../codec/kinds.ts'
import type { Leaf } from '../entity/entity.ts'
import { scalars } from '../resolve/scalars.ts'
import { onceFor } from '../util/once-for.ts'
import type { Builder } from './builder.ts'

/** The GraphQL scalar of each kind. */
export const scalarNames = {
  objectId: 'ID',
  text: 'String',
  int: 'Int',
  float: 'Float',
  boolean: 'Boolean',
  timestamp: 'DateTime',
  json: 'JSON',
  decimal: 'Decimal',
  long: 'Long',
  longId: 'ID',
  compositeId: 'ID',
  uuid: 'UUID',
  binary: 'Base64',
  enum: 'String',
} as const satisfies Record<KindName, string>

/** The scalar of a field. Ids of records are of any kind, and `ID` to clients. */
export const scalarName = ({ kind, path, element }: Leaf): (typeof scalarNames)[KindName] =>
  path === 'id' && !element ? 'ID' : scalarNames[kind]

type Own = keyof typeof scalars

const isOwn = (name: string): name is Own => Object.hasOwn(scalars, name)

/** What a contract of the builder's says of them, where it has no words of its own. */
export const words: Partial<Record<Own, string>> = {
  DateTime: 'ISO 8601 in UTC with milliseconds.',
  Decimal: 'An exact decimal number of at most 34 digits, as a string.',
  Long: 'A whole number of 64 bits, as a string of digits.',
  UUID: 'RFC 9562, in lower case.',
  Base64: 'Bytes in base64, padded.',
}

const added = onceFor((_builder: Builder) => new Set<string>())

/** Adds a scalar of ours where it is used first: a contract has none that it does not use. */
export function addScalar(builder: Builder, name: string, given?: string): void {
  if (!isOwn(name)) return
  const description = given ?? words[name]
  const names = added(builder)
  if (names.has(name)) return
  names.add(name)
  builder.addScalarType(name, scalars[name], description === undefined ? {} : { description })
}

/** The scalars that a contract describes in words of its own: `addScalars(builder, { DateTime: 'In UTC.' })`. */
export function addScalars(builder: Builder, descriptions: Partial<Record<Own, string>>): void {
  for (const [name, description] of Object.entries(descriptions)) addScalar(builder, name, description)
}
