import {
  type GraphQLInputObjectType,
  type GraphQLInputType,
  type GraphQLNamedInputType,
  type GraphQLSchema,
  getNamedType,
  getNullableType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isRequiredInputField,
  isScalarType,
  Kind,
  TypeInfo,
  typeFromAST,
  visit,
  visitWithTypeInfo,
} from 'graphql'
import type { Entity, Rec } from '../../entity/entity.ts'
import { leafAt } from '../../entity/leaf-at.ts'
import { leafValue } from '../../entity/values.ts'
import type { Variables } from './given-variables.ts'
import type { KnownOperation } from './known-operations.ts'
import { shownEntity } from './shown-entity.ts'

/** One way of asking an operation. */
export interface Asking {
  readonly variables: Variables
  /** The condition of a filter that it tries; null for the operation as it is. */
  readonly by: string | null
}

/** A record of an entity to ask about; null where there is none. */
export type Sample = (entity: Entity) => Promise<Rec | null>

/** Where a variable stands: the names around it, the innermost first, and what the field shows. */
interface Place {
  readonly names: readonly string[]
  readonly entity: Entity | null
  readonly skips: boolean
}

/** Values that ask something, for scalars whose meaning is not known. A text has three letters, as trigrams have. */
const plain: Readonly<Record<string, unknown>> = {
  String: 'abc',
  Int: 1,
  Float: 1,
  Boolean: true,
  DateTime: '2000-01-01T00:00:00.000Z',
  JSON: {},
  Decimal: '1',
  Long: '1',
  UUID: '00000000-0000-4000-8000-000000000000',
  Base64: 'YQ==',
}

/** Why a variable has no value. */
export class NotMade extends Error {}

function placesOf({ document }: KnownOperation, schema: GraphQLSchema, entities: readonly Entity[]) {
  const places = new Map<string, Place>()
  const info = new TypeInfo(schema)
  const names: string[] = []
  const named = {
    enter({ name }: { readonly name: { readonly value: string } }) {
      names.unshift(name.value)
    },
    leave() {
      names.shift()
    },
  }
  visit(
    document,
    visitWithTypeInfo(info, {
      Argument: named,
      ObjectField: named,
      Variable({ name }) {
        if (names.length === 0 || places.has(name.value)) return // where it is declared
        const field = info.getFieldDef()
        const directive = info.getDirective()
        const entity = directive || !field ? null : shownEntity(getNamedType(field.type), entities)
        places.set(name.value, { names: [...names], entity, skips: directive?.name === 'skip' })
      },
    }),
  )
  return places
}

/** The path of the record's field that a value stands for: that of an argument, or of a part of it, by the same name. */
const pathOf = ({ names, entity }: Place): string | null =>
  (entity && names.find((name) => name === 'id' || entity.leaves.has(name))) ?? null

/** The place of an input's field. */
const within = (place: Place, name: string): Place => ({ ...place, names: [name, ...place.names] })

/** What each field of an input of which exactly one is to be given may be, or why it has no value. */
async function oneOfEach(
  type: GraphQLInputObjectType,
  place: Place,
  sample: Sample,
  around: readonly GraphQLInputObjectType[],
): Promise<readonly (readonly [name: string, value: Variables | NotMade])[]> {
  const found: (readonly [string, Variables | NotMade])[] = []
  for (const field of Object.values(type.getFields())) {
    // One that holds itself would never end
    if ([type, ...around].some((each) => each === getNamedType(field.type))) continue
    const made = await valueFor(field.type, within(place, field.name), sample, [type, ...around]).catch(orNotMade)
    found.push([field.name, made instanceof NotMade ? made : { [field.name]: made }])
  }
  return found
}

function orNotMade(error: unknown): NotMade {
  if (error instanceof NotMade) return error
  throw error
}

/**
 * @param around the inputs that it stands in.
 * @throws NotMade that says why.
 */
async function valueFor(
  type: GraphQLInputType,
  place: Place,
  sample: Sample,
  around: readonly GraphQLInputObjectType[] = [],
): Promise<unknown> {
  const nullable = getNullableType(type)
  if (isListType(nullable)) return [await valueFor(nullable.ofType, place, sample, around)]
  if (isEnumType(nullable)) return nullable.getValues()[0]!.name
  if (isInputObjectType(nullable) && nullable.isOneOf) {
    const each = await oneOfEach(nullable, place, sample, around)
    const [first] = each.flatMap(([, value]) => (value instanceof NotMade ? [] : [value]))
    if (first) return first
    throw each[0]?.[1] ?? new NotMade(`no field of ${nullable} has a value`)
  }
  if (isInputObjectType(nullable)) {
    const value: Record<string, unknown> = {}
    for (const field of Object.values(nullable.getFields())) {
      if (!isRequiredInputField(field)) continue
      value[field.name] = await valueFor(field.type, within(place, field.name), sample, around)
    }
    return value
  }
  if (!isScalarType(nullable)) throw new NotMade(`${nullable} has no values`)
  if (place.skips) return false
  const path = pathOf(place)
  const record = path === null ? null : await sample(place.entity!)
  const [sampled] = [record && leafValue(record, leafAt(place.entity!, path!))].flat()
  if (sampled !== null && sampled !== undefined) {
    try {
      return nullable.serialize(sampled)
    } catch {
      // Of another kind than the field of that name
    }
  }
  if (Object.hasOwn(plain, nullable.name)) return plain[nullable.name]
  throw new NotMade(path === null ? `nothing tells what a value of ${nullable} is` : `no ${place.entity!.name} has one`)
}

/** What a filter's fields can be asked: one operator that an index may serve, and, of texts, the one that seldom is. */
async function testsOf(
  type: GraphQLNamedInputType,
  place: Place,
  sample: Sample,
): Promise<readonly (readonly [by: string, filter: Variables | NotMade])[]> {
  if (!isInputObjectType(type)) return []
  const found: (readonly [string, Variables | NotMade])[] = []
  for (const field of Object.values(type.getFields())) {
    const tests = getNamedType(field.type)
    if (!isInputObjectType(tests)) continue
    const inside = within(place, field.name)
    for (const operator of ['eq', 'has', 'contains']) {
      const test = tests.getFields()[operator]
      if (!test) continue
      const made = await valueFor(test.type, inside, sample).catch(orNotMade)
      const filter = made instanceof NotMade ? made : { [field.name]: { [operator]: made } }
      found.push([`${field.name} ${operator}`, filter])
    }
    const some = tests.getFields()['some']
    for (const [by, filter] of some ? await testsOf(getNamedType(some.type), inside, sample) : [])
      found.push([`${field.name} some ${by}`, filter instanceof NotMade ? filter : { [field.name]: { some: filter } }])
  }
  return found
}

/** The ways of giving one variable that are tried besides: the tests of a filter, and each field of an input that takes one. */
async function waysOf(type: GraphQLInputType, place: Place, sample: Sample): ReturnType<typeof testsOf> {
  const named = getNamedType(type)
  const tests = await testsOf(named, place, sample)
  if (!isInputObjectType(named) || !named.isOneOf) return tests
  const tested = new Set(tests.map(([by]) => by.split(' ')[0]))
  const each = await oneOfEach(named, place, sample, [])
  return [...tests, ...each.filter(([name]) => !tested.has(name))]
}

/**
 * The ways of asking an operation. Variables that the team has given are taken as they are. Of the others, those that
 * may be left out are; the rest get the value of one record where they have the name of a field of what is shown, and a
 * plain one else. Filters that are not given are tried besides, one field after the other.
 */
export async function askingsOf(
  operation: KnownOperation,
  schema: GraphQLSchema,
  entities: readonly Entity[],
  sample: Sample,
): Promise<{ readonly askings: readonly Asking[]; readonly notMade: readonly string[] }> {
  const places = placesOf(operation, schema, entities)
  const [definition] = operation.document.definitions
  const declared = definition?.kind === Kind.OPERATION_DEFINITION ? (definition.variableDefinitions ?? []) : []
  const askings: Asking[] = []
  const notMade: string[] = []
  for (const given of operation.given) {
    const variables: Record<string, unknown> = { ...given }
    const tried: Asking[] = []
    let isWhole = true
    for (const { variable, type: node, defaultValue } of declared) {
      const name = variable.name.value
      const place = places.get(name)
      const type = typeFromAST(schema, node as never) as GraphQLInputType | undefined
      if (Object.hasOwn(given, name) || defaultValue || !place || !type) continue
      for (const [by, filter] of await waysOf(type, place, sample)) {
        if (filter instanceof NotMade) notMade.push(`$${name} (${by}): ${filter.message}`)
        else tried.push({ variables: { [name]: isListType(getNullableType(type)) ? [filter] : filter }, by })
      }
      if (!isNonNullType(type)) continue
      try {
        variables[name] = await valueFor(type, place, sample)
      } catch (error) {
        if (!(error instanceof NotMade)) throw error
        isWhole = false
        notMade.push(`$${name}: ${error.message}`)
      }
    }
    if (!isWhole) continue
    askings.push({ variables, by: null })
    for (const { variables: filter, by } of tried) askings.push({ variables: { ...variables, ...filter }, by })
  }
  return { askings, notMade: [...new Set(notMade)] }
}
