import type { KindName } from '../codec/kinds.ts'
import type { Entity } from '../entity/entity.ts'
import type { MongoStore } from '../stores/mongo/mongo-store.ts'
import { type ProfiledField, type ProfiledGroup, type ProfileOptions, profileFields } from '../stores/mongo/profile.ts'

/** Values of one BSON type with one fate. */
export interface Finding {
  readonly type: string
  /** Documents. */
  readonly count: number
  /** Extended JSON text. */
  readonly id: string
  /** Extended JSON text of an example; null where the field is sensitive. */
  readonly example: string | null
}

/** What the documents hold in one field. Of a list a document counts once for each sort of element in it. */
export interface FieldProfile {
  readonly path: string
  readonly kind: KindName
  readonly nulls: number
  /** Of the field's own kind. */
  readonly own: number
  /** Of another kind, or converted, with a meaning all the same. */
  readonly coerced: readonly Finding[]
  /** Null in the record, with a data issue. */
  readonly lost: readonly (Finding & { readonly rule: string })[]
  /** The answer is another one than GraphQL's own scalar gives for the raw value. */
  readonly otherwise: readonly Finding[]
}

export interface Profile {
  readonly type: string
  readonly documents: number
  /** By BSON type; `record`: of the mapping's kind of id, and so part of the API. */
  readonly ids: readonly (Finding & { readonly record: boolean })[]
  readonly fields: readonly FieldProfile[]
}

export interface ProfileRun extends ProfileOptions {
  readonly mongo: MongoStore
  readonly entity: Entity
  /** What GraphQL's own scalar of a kind answers for a raw value; undefined where it has none. */
  readonly answer: (kind: KindName, raw: unknown) => unknown
}

const maxExample = 80 // characters

function finding({ field, type, count, example }: ProfiledGroup): Finding {
  const { text } = example
  const shown = text.length > maxExample ? `${text.slice(0, maxExample).toWellFormed()}…` : text
  return { type, count, id: example.id, example: field.leaf.sensitive ? null : shown }
}

const isNull = ({ example, own }: ProfiledGroup): boolean => !own && example.rule === null && example.decoded === null

function isOtherwise({ field, example }: ProfiledGroup, answer: ProfileRun['answer']): boolean {
  if (example.at === 'list') return false
  if (example.at === 'element' && example.decoded === null) return true // the list is shorter
  const given = answer(field.leaf.kind, example.raw)
  return given !== undefined && (given ?? null) !== (example.decoded ?? null)
}

const sum = (groups: readonly { readonly count: number }[]): number => groups.reduce((all, { count }) => all + count, 0)

function fieldProfile(
  { path, leaf }: ProfiledField,
  groups: readonly ProfiledGroup[],
  answer: ProfileRun['answer'],
): FieldProfile {
  return {
    path,
    kind: leaf.kind,
    nulls: sum(groups.filter(isNull)),
    own: sum(groups.filter(({ own }) => own)),
    coerced: groups.filter((group) => !group.own && group.example.decoded !== null).map(finding),
    lost: groups.flatMap((group) =>
      group.example.rule === null ? [] : [{ ...finding(group), rule: group.example.rule }],
    ),
    otherwise: groups.filter((group) => isOtherwise(group, answer)).map(finding),
  }
}

/** Ids of one type and fate, whatever their form. */
const together = (groups: readonly ProfiledGroup[]): ProfiledGroup[] =>
  [...Map.groupBy(groups, ({ type, example }) => `${type} ${example.rule}`).values()].map((alike) => ({
    ...alike[0]!,
    count: sum(alike),
  }))

/**
 * What a type's collection holds, before it is put behind Crossfade: null, the field's own kind, values of another kind
 * that mean something, and those that mean nothing; and where the answer would be another one than today.
 */
export async function profile({ mongo, entity, answer, ...options }: ProfileRun): Promise<Profile> {
  const groups = await profileFields(mongo.connection, entity, options)
  const byField = Map.groupBy(groups, ({ field }) => field)
  const isId = (field: ProfiledField): boolean => field.path === 'id'
  const ids = groups.filter(({ field }) => isId(field))
  return {
    type: entity.name,
    documents: sum(ids),
    ids: together(ids).map((group) => ({ ...finding(group), record: group.example.rule === null })),
    fields: [...byField].flatMap(([field, own]) => (isId(field) ? [] : [fieldProfile(field, own, answer)])),
  }
}

/** Whether anything would answer otherwise than today. */
export const answersOtherwise = ({ ids, fields }: Profile): boolean =>
  ids.some(({ record }) => !record) || fields.some(({ otherwise }) => otherwise.length > 0)
