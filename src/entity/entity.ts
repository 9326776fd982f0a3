import type { Converter } from '../codec/converter.ts'
import type { IdParts } from '../codec/id-part.ts'
import type { OfKind } from '../codec/kinds.ts'
import type { Fields, Unique } from './field.ts'

/** An id as records have it: a number where the mapping says `int()`, else text. */
export type Id = string | number

/** A decoded, store-neutral value: what both stores produce for one thing. Narrow reads hold fewer members. */
export type Rec = { readonly id: Id } & { readonly [key: string]: unknown }

/** A value or list of scalars of an entity, flattened: one column or child table, one document path. */
export interface Leaf extends OfKind {
  /** Path in the record, dotted: `imdb.rating`. Queries, patches and mismatches use it. */
  readonly path: string
  readonly keys: readonly string[]
  readonly list: 'none' | 'column' | 'child'
  /** Of a list: a stored value that is none is a list of that one. */
  readonly orOne: boolean
  readonly converter: Converter
  /** True: values of another kind are null, with a data issue; false: they are what GraphQL's own scalar makes of them. */
  readonly strict: boolean
  /** The texts that an enumeration allows; null for other kinds. */
  readonly values: readonly string[] | null
  /** Path in the document, dotted. */
  readonly mongo: string
  /** Document paths of the objects around it, outermost first, intermediate ones included. */
  readonly parents: readonly string[]
  /** Column; for a child table the column that counts elements and so keeps null apart from []. */
  readonly column: string
  readonly childTable: string | null
  readonly required: boolean
  readonly sensitive: boolean
  /** Null where records may have the same value. */
  readonly unique: Unique | null
  readonly index: boolean
  readonly references: string | null
  /** Leads from the json value in the column to what is asked for there; null where the leaf is the column's value. */
  readonly inJson: readonly string[] | null
  /** True for a part of the record's id, shown as a field: the id alone says it, and nothing changes it. */
  readonly ofId: boolean
  /** True for a member of an object in a list: its paths are relative to that object, its column is one of a row. */
  readonly element: boolean
}

/** An embedded object: a presence column keeps "missing" apart from "there, with nothing in it". */
export interface Embed {
  readonly path: string
  readonly mongo: string
  readonly column: string
  readonly required: boolean
}

/** What conditions and records are made of: an entity, or the objects of a list. */
export interface Scope {
  /** In messages. */
  readonly name: string
  readonly leaves: ReadonlyMap<string, Leaf>
  readonly embeds: ReadonlyMap<string, Embed>
  readonly lists: ReadonlyMap<string, ObjectList>
  /** What can be asked for inside of json values; not part of records. */
  readonly jsonPaths: ReadonlyMap<string, Leaf>
  readonly nodes: readonly Node[]
}

/** A list of embedded objects. Each is a row: of a child table, or of a json column. Holds no lists of objects itself. */
export interface ObjectList extends Scope {
  readonly path: string
  readonly keys: readonly string[]
  /** Path in the document, dotted. */
  readonly mongo: string
  readonly parents: readonly string[]
  /** json; for a child table the column that counts elements and so keeps null apart from []. */
  readonly column: string
  readonly childTable: string | null
  readonly required: boolean
  readonly sensitive: boolean
}

export const isObjectList = (list: Leaf | ObjectList): list is ObjectList => 'nodes' in list

/** The record's tree, for decoding and encoding. `steps` leads from the parent's document to the value. */
export type Node = LeafNode | EmbedNode | ListNode

interface Place {
  readonly key: string
  readonly steps: readonly string[]
}
export interface LeafNode extends Place {
  readonly leaf: Leaf
  readonly embed?: undefined
  readonly list?: undefined
}
export interface EmbedNode extends Place {
  readonly leaf?: undefined
  readonly embed: Embed
  readonly list?: undefined
  readonly nodes: readonly Node[]
}
export interface ListNode extends Place {
  readonly leaf?: undefined
  readonly embed?: undefined
  readonly list: ObjectList
}

/** Kinds that an id may be of, each with its value. */
export interface IdKinds {
  readonly objectId: string
  readonly uuid: string
  readonly text: string
  readonly int: number
  readonly longId: string
  readonly compositeId: string
}

/** The one value of a field in all records of a type. */
export type Fixed = string | number | boolean

/** One GraphQL type with its mapping; frozen. Made by `defineEntity`. */
export interface Entity<F extends Fields = Fields, K extends keyof IdKinds = keyof IdKinds, P extends IdParts = IdParts>
  extends Scope {
  /** Collection. */
  readonly mongo: string
  /** Table. */
  readonly postgres: string
  readonly idKind: K
  /** What an id of the kind `compositeId` is made of; null for other kinds. */
  readonly idParts: P | null
  /** Makes the id of a record that is created without one; null where the caller must give it. */
  readonly newId: (() => IdKinds[K]) | null
  /** The types of one group share one flag and move together; null for a type that moves alone. */
  readonly group: string | null
  /**
   * The fields that tell the type's documents from others in its collection, each with its value, by path; none where
   * the type has the collection to itself.
   */
  readonly fixed: ReadonlyMap<string, Fixed>
  /** What readers show where nobody says otherwise, as `where` takes it; null shows all. */
  readonly defaultScope: Readonly<Record<string, unknown>> | null
  readonly fields: F
}
