import { type ConstValueNode, Kind, valueFromASTUntyped } from 'graphql'
import { type KindName, kindOf } from '../codec/kinds.ts'
import type { Leaf } from '../entity/entity.ts'
import { clientError } from '../resolve/client-error.ts'
import { CrossfadeError } from '../util/errors.ts'
import type { Json } from '../util/json.ts'
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
  uuid: 'UUID',
  binary: 'Base64',
  enum: 'String',
} as const satisfies Record<KindName, string>

/** The scalar of a field. Ids are of any kind, and `ID` to clients. */
export const scalarName = ({ kind, mongo }: Pick<Leaf, 'kind' | 'mongo'>): (typeof scalarNames)[KindName] =>
  mongo === '_id' ? 'ID' : scalarNames[kind]

/** Scalars that GraphQL does not have by itself, with the kind that checks their input. */
const own = {
  DateTime: { kind: 'timestamp', about: 'ISO 8601 in UTC with milliseconds.' },
  JSON: { kind: 'json', about: undefined },
  Decimal: { kind: 'decimal', about: 'An exact decimal number of at most 34 digits, as a string.' },
  Long: { kind: 'long', about: 'A whole number of 64 bits, as a string of digits.' },
  UUID: { kind: 'uuid', about: 'RFC 9562, in lower case.' },
  Base64: { kind: 'binary', about: 'Bytes in base64, padded.' },
} as const satisfies Record<string, { kind: KindName; about: string | undefined }>

type Own = keyof typeof own

const isOwn = (name: string): name is Own => name in own

function checked(name: Own): (value: unknown) => never {
  const { kind } = own[name]
  return (value) => {
    try {
      if (name !== 'JSON' && name !== 'Long' && typeof value !== 'string')
        throw new CrossfadeError('BAD_USER_INPUT', `${name} is given as a string.`)
      return kindOf(kind).parse(value) as never
    } catch (error) {
      if (!(error instanceof CrossfadeError)) throw error
      throw clientError(error)
    }
  }
}

const added = onceFor((_builder: Builder) => new Set<string>())

/** Adds a scalar of ours where it is used first: a contract has none that it does not use. */
export function addScalar(builder: Builder, name: string, description?: string): void {
  if (!isOwn(name)) return
  const names = added(builder)
  if (names.has(name)) return
  names.add(name)
  const parse = checked(name)
  builder.scalarType(name, {
    description: description ?? own[name].about,
    serialize: (value) =>
      (value instanceof Date ? value.toISOString() : typeof value === 'bigint' ? String(value) : value) as Json,
    parseValue: parse,
    // Written out: the default would turn a literal into values with a null prototype
    parseLiteral: (node, variables) => {
      // As text: a double has lost digits of a long, or what followed the point
      if (name === 'Long' && (node.kind === Kind.INT || node.kind === Kind.FLOAT)) return parse(node.value)
      return parse(structuredClone(valueFromASTUntyped(node as ConstValueNode, variables)))
    },
  })
}

/** The scalars that a contract describes in words of its own. */
export function addScalars(builder: Builder, descriptions: Partial<Record<Own, string>>): void {
  for (const [name, description] of Object.entries(descriptions)) addScalar(builder, name, description)
}
