import type { Document } from 'mongodb'
import type { Issue } from '../../codec/refused.ts'
import type { Entity, Leaf, ObjectList } from '../../entity/entity.ts'
import { idLeaf } from '../../entity/leaf-at.ts'
import { alive } from './bookkeeping.ts'
import { decodeLeaf, rawText } from './codec/decode.ts'
import { decodedObjects, decodedScalar, decodes, element } from './codec/expression.ts'
import type { MongoConnection } from './connection.ts'
import { readDocuments } from './read-documents.ts'
import { choose, form, ofType } from './value-forms.ts'

/** A field that is looked at: its path in the record, and the leaf whose values stand there. */
export interface ProfiledField {
  readonly path: string
  readonly leaf: Leaf
  /** The list of objects that it is a member of. */
  readonly within: ObjectList | null
}

/** What an example of alike values is and becomes; the other values of its group fare the same. */
export interface Example {
  /** Extended JSON text. */
  readonly id: string
  readonly raw: unknown
  /** Where it stands: as the field's value, as an element of its list, or in the place of the list. */
  readonly at: 'value' | 'element' | 'list'
  /** Extended JSON text of the raw value. */
  readonly text: string
  readonly decoded: unknown
  /** Why it is lost; null where it is not. */
  readonly rule: string | null
}

/** Stored values of one field that are alike: of one BSON type and form, and of one fate. */
export interface ProfiledGroup {
  readonly field: ProfiledField
  readonly type: string
  /** Whether the value is of the field's own kind, and decodes as it is. */
  readonly own: boolean
  /** Documents; of a list those that hold at least one such element. */
  readonly count: number
  readonly example: Example
}

export interface ProfileOptions {
  /** Documents that are looked at, chosen by chance; null: all. */
  readonly sample: number | null
  readonly signal?: AbortSignal | undefined
  /** Called as fields are done. */
  readonly onProgress?: (done: number, fields: number) => void
}

/** The id, and every value that the mapping names. */
export function profiledFields(entity: Entity): ProfiledField[] {
  const own = [idLeaf(entity), ...entity.leaves.values()].map((leaf) => ({ path: leaf.path, leaf, within: null }))
  const members = [...entity.lists.values()].flatMap((list) =>
    [...list.leaves.values()].map((leaf) => ({ path: `${list.path}.${leaf.path}`, leaf, within: list })),
  )
  return [...own, ...members]
}

function fate(leaf: Leaf, value: string): Document {
  const converted = { $ne: [{ $ifNull: [decodedScalar(leaf, value), null] }, null] }
  return choose(
    [
      [ofType(value, 'null', 'missing', 'undefined'), 'null'],
      [decodes(leaf, value), 'own'],
      [{ $in: [value, { $literal: leaf.converter.nullIf ?? [] }] }, 'means null'],
      [converted, 'converted'],
    ],
    'lost',
  )
}

/** A text that is equal for values that are alike. */
const keyOf = (leaf: Leaf, value: string): Document => ({
  $concat: [fate(leaf, value), '|', { $type: value }, '|', form(value)],
})

/** Likewise for what stands in the place of a list. */
const placeKeyOf = (value: string): Document => ({ $concat: ['list|', { $type: value }, '|'] })

/** What is made of each value, and of what stands in the place of a list. */
interface Shape {
  readonly value: (leaf: Leaf, value: string) => Document
  readonly place: (value: string) => Document
}

const keys: Shape = { value: keyOf, place: placeKeyOf }

const withKeys: Shape = {
  value: (leaf, value) => ({ key: keyOf(leaf, value), value }),
  place: (value) => ({ key: placeKeyOf(value), value }),
}

/** What stands in a field: an entry a value, and an entry an element of a list. */
function entries({ leaf, within }: ProfiledField, shape: Shape): unknown {
  const value = within ? `$$${element}.${leaf.mongo}` : `$${leaf.mongo}`
  const elements = { $map: { input: value, as: 'e', in: shape.value(leaf, '$$e') } }
  const one =
    leaf.list === 'none' ? [shape.value(leaf, value)] : { $cond: [{ $isArray: value }, elements, [shape.place(value)]] }
  if (!within) return one
  const lists = { $map: { input: { $ifNull: [decodedObjects(within), []] }, as: element, in: one } }
  return { $reduce: { input: lists, initialValue: [], in: { $concatArrays: ['$$value', '$$this'] } } }
}

/** Fields of one aggregation: an expression of a hundred fields is more than a server likes to read. */
const fieldsAtOnce = 8

interface Counted {
  readonly _id: { readonly field: number; readonly key: string }
  readonly count: number
  readonly example: unknown
}

async function count(
  connection: MongoConnection,
  entity: Entity,
  fields: readonly ProfiledField[],
  { sample, signal }: ProfileOptions,
): Promise<Counted[]> {
  const perField = fields.map((each, field) => ({
    $map: {
      input: { $setUnion: [entries(each, keys), []] },
      as: 'key',
      in: { field: { $literal: field }, key: '$$key' },
    },
  }))
  const pipeline: Document[] = [
    ...(sample === null ? [] : [{ $sample: { size: sample } }]),
    { $match: alive },
    { $project: { found: { $concatArrays: perField } } },
    { $unwind: '$found' },
    { $group: { _id: '$found', count: { $sum: 1 }, example: { $min: '$_id' } } },
    { $sort: { _id: 1 } },
  ]
  const options = { allowDiskUse: true, ...(signal ? { signal } : {}) }
  return connection.collection(entity).aggregate<Counted>(pipeline, options).toArray()
}

/** The value of a group in its example document, as the driver gives it, and what becomes of it. */
async function exampleOf(
  connection: MongoConnection,
  entity: Entity,
  field: ProfiledField,
  id: unknown,
  key: string,
): Promise<Example> {
  const pipeline = [
    { $match: { _id: id } },
    { $project: { found: entries(field, withKeys) } },
    { $unwind: '$found' },
    { $match: { 'found.key': key } },
    { $limit: 1 },
  ]
  const [document] = await readDocuments((more) => connection.collection(entity).aggregate(pipeline, more))
  const raw: unknown = document?.['found']?.value
  const { leaf } = field
  const at = key.startsWith('list|') ? 'list' : leaf.list === 'none' ? 'value' : 'element'
  const told = { id: rawText(id), raw, text: rawText(raw ?? null), at } as const
  if (at === 'list') {
    const missing = raw === null || raw === undefined
    return { ...told, decoded: null, rule: missing ? null : 'is not a list' }
  }
  const issues: Issue[] = []
  const decoded = decodeLeaf({ ...leaf, list: 'none', required: false }, raw, issues)
  const left = at === 'element' && decoded === null
  const nothing = raw === null ? 'is null inside a list' : 'means null inside a list'
  return { ...told, decoded, rule: issues[0]?.rule ?? (left ? nothing : null) }
}

/**
 * What a collection's documents hold, by field. The server counts values that are alike, and one example of each sort
 * is read and decoded; memory is bounded by the number of sorts.
 */
export async function profileFields(
  hasty: MongoConnection,
  entity: Entity,
  options: ProfileOptions,
): Promise<ProfiledGroup[]> {
  const connection = hasty.patient()
  const fields = profiledFields(entity)
  // One sample for all fields
  const step = options.sample === null ? fieldsAtOnce : fields.length
  const groups: ProfiledGroup[] = []
  for (let start = 0; start < fields.length; start += step) {
    const some = fields.slice(start, start + step)
    for (const { _id, count: documents, example } of await count(connection, entity, some, options)) {
      options.signal?.throwIfAborted()
      const field = some[_id.field]!
      const found = await exampleOf(connection, entity, field, example, _id.key)
      const [fateOf, type] = _id.key.split('|')
      groups.push({
        field,
        type: type!,
        own: fateOf === 'own' && found.rule === null,
        count: documents,
        example: found,
      })
    }
    options.onProgress?.(Math.min(start + step, fields.length), fields.length)
  }
  return groups
}
