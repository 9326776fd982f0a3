import type { Document } from 'mongodb'
import type { TimestampForm } from '../../codec/converter.ts'
import type { KindName } from '../../codec/kinds.ts'
import type { Entity, Leaf } from '../../entity/entity.ts'
import { isPlainObject } from '../../util/json.ts'
import type { CollectionOptions } from './collection-options.ts'

/** The BSON type that each kind is written as; null where any may be. */
const written: Readonly<Record<KindName, string | null>> = {
  objectId: 'objectId',
  text: 'string',
  enum: 'string',
  int: 'int',
  float: 'double',
  long: 'long',
  longId: 'long',
  compositeId: 'object',
  decimal: 'decimal',
  boolean: 'bool',
  timestamp: 'date',
  uuid: 'binData',
  binary: 'binData',
  json: null,
}

/** The same of a timestamp that is kept in a form of its own. */
const writtenForm: Readonly<Record<TimestampForm, string>> = { date: 'date', text: 'string', milliseconds: 'long' }

const writtenAs = ({ kind, converter: { forms } }: Leaf): string | null =>
  forms ? writtenForm[forms[0]!] : written[kind]

const numbers = ['int', 'long', 'double', 'decimal']

/** The BSON types that a schema names; null where it names none. `type` has JSON's names. */
function typesOf(schema: Document): string[] | null {
  const named = schema['bsonType'] ?? schema['type']
  if (named === undefined) return null
  return [named]
    .flat()
    .flatMap((each: string) => (each === 'number' ? numbers : each === 'boolean' ? ['bool'] : [each]))
}

const allows = (schema: Document, type: string): boolean => typesOf(schema)?.includes(type) ?? true

/** MongoDB's patterns are PCRE's; one that JavaScript cannot read is taken to match. */
function matches(pattern: string, name: string): boolean {
  try {
    return new RegExp(pattern).test(name)
  } catch {
    return true
  }
}

/** What a schema says of a property: another schema, nothing, or that there must be none of that name. */
function propertyOf(schema: Document, name: string): Document | 'open' | 'refused' {
  const own: Document | undefined = schema['properties']?.[name]
  if (own) return own
  const patterns: Document = schema['patternProperties'] ?? {}
  const pattern = Object.keys(patterns).find((each) => matches(each, name))
  if (pattern !== undefined) return patterns[pattern]
  const others: unknown = schema['additionalProperties']
  if (others === false) return 'refused'
  return isPlainObject(others) ? others : 'open'
}

/** Schemas that all hold. */
function schemasOf(validator: Document): Document[] {
  const within = (schema: Document): Document[] => [schema, ...documents(schema['allOf']).flatMap(within)]
  const own = isPlainObject(validator['$jsonSchema']) ? within(validator['$jsonSchema']) : []
  return [...own, ...documents(validator['$and']).flatMap(schemasOf)]
}

const documents = (list: unknown): Document[] => (Array.isArray(list) ? list.filter(isPlainObject) : [])

const bookkeeping = `"_cf": { "bsonType": "object" }`

function ourProblem(schema: Document): string | null {
  const ours = propertyOf(schema, '_cf')
  if (ours === 'open') return null
  if (ours === 'refused' || !allows(ours, 'object'))
    return `refuses every write of a gateway, which keeps its bookkeeping in _cf: add ${bookkeeping} to the properties of its $jsonSchema`
  const closed = ours['additionalProperties'] === false || ours['properties'] !== undefined
  return closed ? `restricts the members of _cf, which are Crossfade's own: make it ${bookkeeping}` : null
}

/** What a schema says of a document path; null where it says nothing. */
function schemaAt(schema: Document, steps: readonly string[]): Document | 'refused' | null {
  const [step, ...others] = steps
  if (step === undefined) return schema
  const found = propertyOf(schema, step)
  if (found === 'open' || found === 'refused') return found === 'open' ? null : found
  return schemaAt(found, others)
}

interface Misfits {
  readonly missing: string[]
  readonly kinds: string[]
  readonly noNull: string[]
}

function judge(schema: Document, leaf: Leaf, misfits: Misfits): void {
  const found = schemaAt(schema, leaf.mongo.split('.'))
  if (found === null) return
  if (found === 'refused') return void misfits.missing.push(leaf.mongo)
  const own = writtenAs(leaf)
  const type = leaf.list === 'none' ? own : 'array'
  if (type !== null && !allows(found, type))
    misfits.kinds.push(`${leaf.mongo} is written as ${type} and may be ${typesOf(found)!.join(' or ')} alone`)
  // A unique field is unset, not null, and a part of the id neither
  if (!leaf.required && !leaf.unique && !leaf.ofId && !allows(found, 'null')) misfits.noNull.push(leaf.mongo)
}

/** What of the root a query operator can refuse, other than by the fields that it names. */
const isOpaque = (validator: Document): boolean => JSON.stringify(validator).includes('$$ROOT')

/**
 * What a collection's validator refuses of a gateway's writes, as far as it is plain to see: a line each with what to
 * allow.
 */
export function validatorProblems(entity: Entity, { options }: CollectionOptions): string[] {
  const validator: Document | undefined = options['validator']
  if (!validator || options['validationLevel'] === 'off' || options['validationAction'] === 'warn') return []
  const misfits: Misfits = { missing: [], kinds: [], noNull: [] }
  const problems = new Set<string>()
  for (const schema of schemasOf(validator)) {
    const ours = ourProblem(schema)
    if (ours !== null) problems.add(ours)
    if (schema['maxProperties'] !== undefined)
      problems.add('counts properties, _cf among them: raise maxProperties by one')
    for (const leaf of entity.leaves.values()) judge(schema, leaf, misfits)
  }
  if (isOpaque(validator)) problems.add('looks at whole documents ($$ROOT): see that it takes the property _cf')
  const { missing, kinds, noNull } = misfits
  if (missing.length > 0) problems.add(`does not allow what the mapping names: add ${missing.join(', ')}`)
  for (const each of kinds) problems.add(`does not allow what the mapping writes: ${each}`)
  if (noNull.length > 0)
    problems.add(`takes no null, which a mutation may write: add "null" to the bsonType of ${noNull.join(', ')}`)
  return [...problems].map((problem) => `${entity.name}: the validator of ${entity.mongo} ${problem}.`)
}
