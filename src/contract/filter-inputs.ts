import type { Builder, InputRef, SchemaTypesOf } from './builder.ts'
import { addScalar } from './scalars.ts'

type InputBuilder = PothosSchemaTypes.InputFieldBuilder<SchemaTypesOf, 'InputObject'>

/** What values that have an order can be asked. */
function comparisons<N extends 'Int' | 'Float' | 'DateTime' | 'Decimal' | 'Long' | 'UUID'>(t: InputBuilder, type: N) {
  const one = () => t.field({ type })
  const many = () => t.field({ type: t.listRef(type, { required: false }) })
  return { eq: one(), ne: one(), in: many(), notIn: many(), lt: one(), lte: one(), gt: one(), gte: one() }
}

/** Filters of scalars that few contracts have are part of the schema only where they are asked for. */
function once<T>(make: () => T): () => T {
  let made: T | undefined
  return () => (made ??= make())
}

/** The filters of the contract that are the same for every API: what each kind can be asked. */
export function addFilterInputs(builder: Builder) {
  const IdFilter = builder.inputType('IdFilter', { fields: (t) => ({ eq: t.id(), in: t.idList() }) })
  const StringFilter = builder.inputType('StringFilter', {
    description:
      'A null given to eq or ne asks for null or missing values. Several operators in one filter must all hold.',
    fields: (t) => ({
      eq: t.string(),
      ne: t.string(),
      in: t.field({ type: t.listRef('String', { required: false }) }),
      notIn: t.field({ type: t.listRef('String', { required: false }) }),
      lt: t.string(),
      lte: t.string(),
      gt: t.string(),
      gte: t.string(),
      contains: t.string(),
      startsWith: t.string(),
      endsWith: t.string(),
      insensitive: t.boolean({ defaultValue: false }),
    }),
  })
  const IntFilter = builder.inputType('IntFilter', { fields: (t) => comparisons(t, 'Int') })
  const FloatFilter = builder.inputType('FloatFilter', { fields: (t) => comparisons(t, 'Float') })
  addScalar(builder, 'DateTime')
  const DateTimeFilter = builder.inputType('DateTimeFilter', { fields: (t) => comparisons(t, 'DateTime') })
  const StringListFilter = builder.inputType('StringListFilter', {
    fields: (t) => ({
      has: t.string(),
      hasSome: t.stringList(),
      hasEvery: t.stringList(),
      isEmpty: t.boolean(),
      isNull: t.boolean(),
    }),
  })
  const OrderDirection = builder.enumType('OrderDirection', {
    values: { ASC: { value: 'asc' }, DESC: { value: 'desc' } } as const,
  })
  const decimalFilter = once(() => {
    addScalar(builder, 'Decimal')
    return builder.inputType('DecimalFilter', { fields: (t) => comparisons(t, 'Decimal') })
  })
  const longFilter = once(() => {
    addScalar(builder, 'Long')
    return builder.inputType('LongFilter', { fields: (t) => comparisons(t, 'Long') })
  })
  const uuidFilter = once(() => {
    addScalar(builder, 'UUID')
    return builder.inputType('UUIDFilter', { fields: (t) => comparisons(t, 'UUID') })
  })
  return {
    get DecimalFilter() {
      return decimalFilter()
    },
    get LongFilter() {
      return longFilter()
    },
    get UUIDFilter() {
      return uuidFilter()
    },
    IdFilter,
    StringFilter,
    IntFilter,
    FloatFilter,
    DateTimeFilter,
    StringListFilter,
    OrderDirection,
  }
}

/** What a list of objects can be asked, given the filter of its members. */
export function listFilterInput(builder: Builder, name: string, members: InputRef<unknown>) {
  return builder.inputType(name, {
    description: 'Of no objects "some" is false, "every" and "none" are true; a null list has none.',
    fields: (t) => ({
      some: t.field({ type: members }),
      every: t.field({ type: members }),
      none: t.field({ type: members }),
      isEmpty: t.boolean(),
      isNull: t.boolean(),
    }),
  })
}
