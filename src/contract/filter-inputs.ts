import type { Leaf } from '../entity/entity.ts'
import { onceFor } from '../util/once-for.ts'
import type { Builder, InputRef, SchemaTypesOf } from './builder.ts'
import { leafType, type ShownEnum } from './leaf-type.ts'
import type { scalarName } from './scalars.ts'

type InputBuilder = PothosSchemaTypes.InputFieldBuilder<SchemaTypesOf, 'InputObject'>
type ScalarName = ReturnType<typeof scalarName>

/** An input type whose values `parseFilter` reads. */
export type TestInput = InputRef<object>

const description =
  'A null given to eq or ne asks for null or missing values. Several operators in one filter must all hold.'

function equalTests(t: InputBuilder, type: ScalarName | ShownEnum) {
  const one = () => t.field({ type })
  const many = () => t.field({ type: t.listRef(type, { required: false }) })
  return { eq: one(), ne: one(), in: many(), notIn: many() }
}

function orderTests(t: InputBuilder, type: ScalarName) {
  const one = () => t.field({ type })
  return { ...equalTests(t, type), lt: one(), lte: one(), gt: one(), gte: one() }
}

const makers: Partial<Record<ScalarName, (builder: Builder, name: string) => TestInput>> = {
  ID: (builder, name) => builder.inputType(name, { fields: (t) => ({ eq: t.id(), in: t.idList() }) }),
  String: (builder, name) =>
    builder.inputType(name, {
      description,
      fields: (t) => ({
        ...orderTests(t, 'String'),
        contains: t.string(),
        startsWith: t.string(),
        endsWith: t.string(),
        insensitive: t.boolean({ defaultValue: false }),
      }),
    }),
  Boolean: (builder, name) => builder.inputType(name, { fields: (t) => ({ eq: t.boolean(), ne: t.boolean() }) }),
  Base64: (builder, name) => builder.inputType(name, { fields: (t) => equalTests(t, 'Base64') }),
}

const made = onceFor((_builder: Builder) => new Map<string, TestInput>())

/** One of each name: filters are part of a contract only where they are asked for. */
function once(builder: Builder, name: string, make: () => TestInput): TestInput {
  const inputs = made(builder)
  const earlier = inputs.get(name)
  if (earlier) return earlier
  const input = make()
  inputs.set(name, input)
  return input
}

const filterName = (type: ScalarName | ShownEnum, end: string): string =>
  `${type === 'ID' ? 'Id' : typeof type === 'string' ? type : type.name}${end}`

/** What a value can be asked, by its kind: `StringFilter`, `IntFilter` and so on, the same for every type. */
export function filterInput(builder: Builder, leaf: Leaf): TestInput {
  const type = leafType(builder, leaf)
  const name = filterName(type, 'Filter')
  return once(builder, name, () => {
    if (typeof type !== 'string') return builder.inputType(name, { fields: (t) => equalTests(t, type) })
    const make = makers[type]
    return make ? make(builder, name) : builder.inputType(name, { fields: (t) => orderTests(t, type) })
  })
}

/** What a list of scalars can be asked: `StringListFilter` and so on. */
export function listFilterInput(builder: Builder, leaf: Leaf): TestInput {
  const type = leafType(builder, leaf)
  const name = filterName(type, 'ListFilter')
  return once(builder, name, () =>
    builder.inputType(name, {
      fields: (t) => ({
        has: t.field({ type }),
        hasSome: t.field({ type: [type] }),
        hasEvery: t.field({ type: [type] }),
        isEmpty: t.boolean(),
        isNull: t.boolean(),
      }),
    }),
  )
}

/** What a list of objects can be asked, given the filter of its members. */
export function objectsFilterInput(builder: Builder, name: string, members: TestInput): TestInput {
  return once(builder, name, () =>
    builder.inputType(name, {
      description: 'Of no objects "some" is false, "every" and "none" are true; a null list has none.',
      fields: (t) => ({
        some: t.field({ type: members }),
        every: t.field({ type: members }),
        none: t.field({ type: members }),
        isEmpty: t.boolean(),
        isNull: t.boolean(),
      }),
    }),
  )
}

/** The direction of an order. */
export const orderDirection = onceFor((builder: Builder) =>
  builder.enumType('OrderDirection', { values: { ASC: { value: 'asc' }, DESC: { value: 'desc' } } as const }),
)
