import fc, { type Arbitrary } from 'fast-check'
import { Decimal128, type Document, Double, Int32, Long, ObjectId } from 'mongodb'
import type { TimestampForm } from '../../src/codec/converter.ts'
import type { KindName } from '../../src/codec/kinds.ts'
import { defineEntity } from '../../src/entity/define-entity.ts'
import type { Entity } from '../../src/entity/entity.ts'
import * as fields from '../../src/entity/field.ts'
import { anything, states, storedInForms, storedOf } from './values.ts'

/** One field of a generated mapping, as plain data: what a failure prints is what a scenario needs. */
export interface LeafPlan {
  readonly kind: KindName
  readonly shape: 'scalar' | 'column' | 'child'
  /** How many embedded objects are around it. */
  readonly depth: 0 | 1 | 2
  readonly nullIf: boolean
  readonly intPrefix: boolean
  readonly strict: boolean
}

export interface World {
  readonly id: keyof typeof idField
  readonly leaves: readonly LeafPlan[]
  /** A list of objects with these members; those of depth 1 are in an object `box` of each. Without members there is none. */
  readonly rows: readonly LeafPlan[]
  readonly rowsIn: 'json' | 'child'
  readonly documents: readonly Document[]
}

const compositeId = () => fields.compositeId({ store: fields.text(), number: fields.int() })

const kinds = Object.keys(storedOf) as KindName[]

const leafPlan: Arbitrary<LeafPlan> = fc
  .record({
    kind: fc.constantFrom(...kinds),
    shape: fc.constantFrom('scalar', 'scalar', 'column', 'child'),
    depth: fc.constantFrom(0, 0, 1, 2),
    nullIf: fc.boolean(),
    intPrefix: fc.boolean(),
    strict: fc.boolean(),
  })
  .map(({ kind, shape, ...rest }) => ({ ...rest, kind, shape: kind === 'json' ? 'scalar' : shape }) as LeafPlan)

const parents = ['', 'box.', 'box.inner.'] as const

export const pathOf = (leaf: LeafPlan, index: number): string => `${parents[leaf.depth]}f${index}`

/** What is asked of every json value. */
export const jsonKinds = { a: 'text', 'deep.n': 'int', 'deep.x y': 'float', deep: 'boolean' } as const
const jsonPaths = { a: fields.text(), 'deep.n': fields.int(), 'deep.x y': fields.float(), deep: fields.boolean() }

/** None begins with text, which has years of four digits alone. */
const formsOf = (strict: boolean): readonly TimestampForm[] =>
  strict ? ['milliseconds'] : ['date', 'text', 'milliseconds']

function fieldOf(
  { kind, shape, nullIf, intPrefix, strict }: LeafPlan,
  index: number,
  table: string,
): fields.Field<unknown> {
  const converter = nullIf ? { nullIf: kind === 'text' ? ['', 'n/a'] : ['', -1] } : {}
  const scalar: Record<KindName, () => fields.Field<unknown>> = {
    objectId: fields.objectId,
    text: () => fields.text(converter),
    int: () => fields.int(intPrefix ? { ...converter, intPrefix: true } : converter),
    float: () => fields.float(converter),
    boolean: () => fields.boolean(nullIf ? { nullIf: [false] } : {}),
    timestamp: () => fields.timestamp(intPrefix ? { ...converter, forms: formsOf(strict) } : converter),
    json: () => fields.json(jsonPaths),
    decimal: () => fields.decimal(converter),
    long: () => fields.long(converter),
    longId: fields.longId,
    compositeId,
    uuid: () => fields.uuid(converter),
    binary: fields.binary,
    enum: () => fields.enumeration(states, nullIf ? { nullIf: ['done'] } : {}),
  }
  const one = strict ? scalar[kind]().strict() : scalar[kind]()
  if (shape === 'scalar') return one
  const many = fields.list(one, intPrefix ? { orOne: true } : {})
  return shape === 'column' ? many : many.childTable(`${table}_f${index}`)
}

/** The list of objects of a world, which is stored two steps down. */
function rowsField({ rows, rowsIn }: Pick<World, 'rows' | 'rowsIn'>, table: string): fields.Field<unknown> {
  const at = (depth: number) =>
    rows.flatMap((leaf, i) => (leaf.depth === depth ? [[`f${i}`, fieldOf(leaf, i, table)] as const] : []))
  const box = at(1).length > 0 ? [['box', fields.embed(Object.fromEntries(at(1)))] as const] : []
  const many = fields.list(fields.embed(Object.fromEntries([...at(0), ...box]))).at('deep.rows')
  return rowsIn === 'child' ? many.childTable(`${table}_rows`) : many
}

const idField = {
  objectId: fields.objectId,
  text: fields.text,
  int: fields.int,
  longId: fields.longId,
  compositeId,
} as const

/** The mapping of a world, in a table of this name. Members of `box` are stored under another name. */
export function entityOf(world: Omit<World, 'documents'>, table: string): Entity {
  const { id, leaves } = world
  const at = (depth: number): Record<string, fields.Field<unknown>> =>
    Object.fromEntries(
      leaves.flatMap((leaf, index) => (leaf.depth === depth ? [[`f${index}`, fieldOf(leaf, index, table)]] : [])),
    )
  const inner = at(2)
  const box = { ...at(1), ...(Object.keys(inner).length > 0 ? { inner: fields.embed(inner) } : {}) }
  return defineEntity('World', {
    mongo: 'world',
    postgres: table,
    id: idField[id](),
    fields: {
      ...at(0),
      ...(Object.keys(box).length > 0 ? { box: fields.embed(box).at('the box') } : {}),
      ...(world.rows.length > 0 ? { rows: rowsField(world, table) } : {}),
      own: fields.int(),
    },
  })
}

const missing = Symbol('missing')

function storedLeaf({ kind, shape, intPrefix }: LeafPlan): Arbitrary<unknown> {
  const one = kind === 'timestamp' && intPrefix ? storedInForms : storedOf[kind]
  const faithful =
    shape === 'scalar'
      ? one
      : fc.oneof(
          {
            weight: 3,
            arbitrary: fc.array(fc.oneof({ weight: 6, arbitrary: one }, { weight: 1, arbitrary: anything }), {
              maxLength: 4,
            }),
          },
          { weight: intPrefix ? 2 : 0, arbitrary: one },
        )
  return fc.oneof(
    { weight: 6, arbitrary: faithful },
    { weight: 1, arbitrary: fc.constantFrom<unknown>(missing, null) },
    { weight: 1, arbitrary: anything },
  )
}

/** An object around leaves: mostly there, at times null, missing, a list or something else. */
const around = fc.constantFrom('there', 'there', 'there', 'there', 'there', 'null', 'missing', 'list', 'text')

function wrap(how: string, members: Document): unknown {
  const wrapped = { there: members, null: null, missing, list: [members], text: 'x' }
  return wrapped[how as keyof typeof wrapped]
}

const present = (members: readonly (readonly [string, unknown])[]): Document =>
  Object.fromEntries(members.filter(([, value]) => value !== missing))

/** Two steps down, and at times something else on the way. */
const deep = (rows: Arbitrary<unknown>): Arbitrary<unknown> =>
  fc.oneof(
    { weight: 8, arbitrary: rows.map((each) => (each === missing ? {} : { rows: each })) },
    { weight: 1, arbitrary: rows.map((each) => [{ rows: each === missing ? null : each }]) },
    { weight: 1, arbitrary: anything },
  )

function storedRows(rows: readonly LeafPlan[]): Arbitrary<unknown> {
  const row = fc.record({ values: fc.tuple(...rows.map(storedLeaf)), box: around }).map(({ values, box }) => {
    const at = (depth: number) =>
      rows.flatMap((leaf, i) => (leaf.depth === depth ? [[`f${i}`, values[i]] as const] : []))
    const boxed = at(1).length > 0 ? [['box', wrap(box, present(at(1)))] as const] : []
    return present([...at(0), ...boxed])
  })
  const some = fc.oneof({ weight: 9, arbitrary: row }, { weight: 1, arbitrary: anything })
  return fc.oneof(
    { weight: 8, arbitrary: fc.array(some, { maxLength: 4 }) },
    { weight: 1, arbitrary: fc.constantFrom<unknown>(missing, null) },
    { weight: 1, arbitrary: anything },
  )
}

function documentOf({ leaves, rows }: Pick<World, 'leaves' | 'rows'>): Arbitrary<Document> {
  const list = rows.length > 0 ? deep(storedRows(rows)) : fc.constant(missing)
  return fc
    .record({ values: fc.tuple(...leaves.map(storedLeaf)), box: around, inner: around, list })
    .map(({ values, box, inner, list }) => {
      const at = (depth: number) =>
        leaves.flatMap((leaf, i) => (leaf.depth === depth ? [[`f${i}`, values[i]] as const] : []))
      const [deep, middle] = [at(2), at(1)]
      const innerMembers = deep.length > 0 ? [['inner', wrap(inner, present(deep))] as const] : []
      const boxMembers = [...middle, ...innerMembers]
      const boxed = boxMembers.length > 0 ? [['the box', wrap(box, present(boxMembers))] as const] : []
      return present([...at(0), ...boxed, ['deep', list]])
    })
}

const ids = {
  objectId: (index: number) => new ObjectId(String(index).padStart(24, '0')),
  text: (index: number) => ['', 'é', 'B', 'a', 'Z', '👩‍🚀', 'ß'][index] ?? `id ${index}`,
  int: (index: number) => (index % 2 === 0 ? index : -index),
  longId: (index: number) =>
    [
      Long.fromBigInt(2n ** 53n + BigInt(index)),
      new Int32(-index),
      // Stand-in (SecantusDB): by a long it finds no double of more than 16 digits; MongoDB does
      new Double(2 ** 52 + index),
      Decimal128.fromString(String(-index)),
    ][index % 4]!,
  compositeId: (index: number) => ({
    store: ['', 'é', 'a', 'ab', '👩‍🚀'][index % 5]!,
    number: [new Int32(-index), new Double(index), Long.fromNumber(index)][index % 3]!,
  }),
}

/** Members of objects in a list are scalars, or lists in a column. */
const rowPlan: Arbitrary<LeafPlan> = leafPlan.map(({ shape, depth, ...leaf }) => ({
  ...leaf,
  shape: shape === 'child' ? 'column' : shape,
  depth: depth === 0 ? 0 : 1,
}))

/** Up to five fields of any kind and a list of objects, and documents that hold them more or less well. */
export const worlds: Arbitrary<World> = fc
  .record({
    id: fc.constantFrom(...(Object.keys(idField) as World['id'][])),
    leaves: fc.array(leafPlan, { minLength: 1, maxLength: 5 }),
    rows: fc.oneof(
      { weight: 1, arbitrary: fc.constant([]) },
      { weight: 2, arbitrary: fc.array(rowPlan, { minLength: 1, maxLength: 3 }) },
    ),
    rowsIn: fc.constantFrom('json' as const, 'child' as const),
  })
  .chain((plan) =>
    fc.array(documentOf(plan), { minLength: 2, maxLength: 14 }).map((documents) => ({
      ...plan,
      documents: documents.map((document, index) => ({ _id: ids[plan.id](index), ...document })),
    })),
  )
