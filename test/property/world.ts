import fc, { type Arbitrary } from 'fast-check'
import { type Document, ObjectId } from 'mongodb'
import type { KindName } from '../../src/codec/kinds.ts'
import { defineEntity } from '../../src/entity/define-entity.ts'
import type { Entity } from '../../src/entity/entity.ts'
import * as fields from '../../src/entity/field.ts'
import { anything, states, storedOf } from './values.ts'

/** One field of a generated mapping, as plain data: what a failure prints is what a scenario needs. */
export interface LeafPlan {
  readonly kind: KindName
  readonly shape: 'scalar' | 'column' | 'child'
  /** How many embedded objects are around it. */
  readonly depth: 0 | 1 | 2
  readonly nullIf: boolean
  readonly intPrefix: boolean
}

export interface World {
  readonly id: 'objectId' | 'text' | 'int'
  readonly leaves: readonly LeafPlan[]
  readonly documents: readonly Document[]
}

const kinds = Object.keys(storedOf) as KindName[]

const leafPlan: Arbitrary<LeafPlan> = fc
  .record({
    kind: fc.constantFrom(...kinds),
    shape: fc.constantFrom('scalar', 'scalar', 'column', 'child'),
    depth: fc.constantFrom(0, 0, 1, 2),
    nullIf: fc.boolean(),
    intPrefix: fc.boolean(),
  })
  .map(({ kind, shape, ...rest }) => ({ ...rest, kind, shape: kind === 'json' ? 'scalar' : shape }) as LeafPlan)

const parents = ['', 'box.', 'box.inner.'] as const

export const pathOf = (leaf: LeafPlan, index: number): string => `${parents[leaf.depth]}f${index}`

function fieldOf({ kind, shape, nullIf, intPrefix }: LeafPlan, index: number, table: string): fields.Field<unknown> {
  const converter = nullIf ? { nullIf: kind === 'text' ? ['', 'n/a'] : ['', -1] } : {}
  const scalar: Record<KindName, () => fields.Field<unknown>> = {
    objectId: fields.objectId,
    text: () => fields.text(converter),
    int: () => fields.int(intPrefix ? { ...converter, intPrefix: true } : converter),
    float: () => fields.float(converter),
    boolean: () => fields.boolean(nullIf ? { nullIf: [false] } : {}),
    timestamp: () => fields.timestamp(converter),
    json: fields.json,
    decimal: () => fields.decimal(converter),
    long: () => fields.long(converter),
    uuid: () => fields.uuid(converter),
    binary: fields.binary,
    enum: () => fields.enumeration(states, nullIf ? { nullIf: ['done'] } : {}),
  }
  const one = scalar[kind]()
  if (shape === 'scalar') return one
  const many = fields.list(one)
  return shape === 'column' ? many : many.childTable(`${table}_f${index}`)
}

/** The mapping of a world, in a table of this name. Members of `box` are stored under another name. */
export function entityOf({ id, leaves }: Pick<World, 'id' | 'leaves'>, table: string): Entity {
  const at = (depth: number): Record<string, fields.Field<unknown>> =>
    Object.fromEntries(
      leaves.flatMap((leaf, index) => (leaf.depth === depth ? [[`f${index}`, fieldOf(leaf, index, table)]] : [])),
    )
  const inner = at(2)
  const box = { ...at(1), ...(Object.keys(inner).length > 0 ? { inner: fields.embed(inner) } : {}) }
  return defineEntity('World', {
    mongo: 'world',
    postgres: table,
    id: id === 'objectId' ? fields.objectId() : id === 'text' ? fields.text() : fields.int(),
    fields: {
      ...at(0),
      ...(Object.keys(box).length > 0 ? { box: fields.embed(box).at('the box') } : {}),
      own: fields.int(),
    },
  })
}

const missing = Symbol('missing')

function storedLeaf({ kind, shape }: LeafPlan): Arbitrary<unknown> {
  const one = storedOf[kind]
  const faithful =
    shape === 'scalar'
      ? one
      : fc.array(fc.oneof({ weight: 6, arbitrary: one }, { weight: 1, arbitrary: anything }), { maxLength: 4 })
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

function documentOf(leaves: readonly LeafPlan[]): Arbitrary<Document> {
  return fc
    .record({ values: fc.tuple(...leaves.map(storedLeaf)), box: around, inner: around })
    .map(({ values, box, inner }) => {
      const at = (depth: number) =>
        leaves.flatMap((leaf, i) => (leaf.depth === depth ? [[`f${i}`, values[i]] as const] : []))
      const [deep, middle] = [at(2), at(1)]
      const innerMembers = deep.length > 0 ? [['inner', wrap(inner, present(deep))] as const] : []
      const boxMembers = [...middle, ...innerMembers]
      const boxed = boxMembers.length > 0 ? [['the box', wrap(box, present(boxMembers))] as const] : []
      return present([...at(0), ...boxed])
    })
}

const ids = {
  objectId: (index: number) => new ObjectId(String(index).padStart(24, '0')),
  text: (index: number) => ['', 'é', 'B', 'a', 'Z', '👩‍🚀', 'ß'][index] ?? `id ${index}`,
  int: (index: number) => (index % 2 === 0 ? index : -index),
}

/** Two to five fields of any kind, and documents that hold them more or less well. */
export const worlds: Arbitrary<World> = fc
  .record({
    id: fc.constantFrom('objectId' as const, 'text' as const, 'int' as const),
    leaves: fc.array(leafPlan, { minLength: 1, maxLength: 5 }),
  })
  .chain(({ id, leaves }) =>
    fc.array(documentOf(leaves), { minLength: 2, maxLength: 14 }).map((documents) => ({
      id,
      leaves,
      documents: documents.map((document, index) => ({ _id: ids[id](index), ...document })),
    })),
  )
