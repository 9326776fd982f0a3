import { isPartKind } from '../codec/composite-id.ts'
import type { Converter } from '../codec/converter.ts'
import type { IdParts } from '../codec/id-part.ts'
import type { KindName } from '../codec/kinds.ts'
import type { Json } from '../util/json.ts'

/** Fields of an entity or of an embedded object, by name. */
export type Fields = Readonly<Record<string, Field<unknown>>>

/** What the fields hold in a record. */
export type ValuesOf<F extends Fields> = { readonly [N in keyof F]: ValueOf<F[N]> }

/** What one field holds in a record. */
export type ValueOf<D> = D extends Field<infer T> ? T : never

/** What fields are made of. It is there for the types of paths and of inputs; no object carries it at run time. */
export type Shape = ScalarShape | ListShape | EmbedShape | ObjectsShape

/** One value; `P` is what can be asked for inside of json. */
export interface ScalarShape<K extends KindName = KindName, P extends Fields = Fields> {
  readonly is: 'scalar'
  readonly kind: K
  readonly paths: P
}
/** An id of several parts. */
export interface CompositeShape<P extends IdParts = IdParts> extends ScalarShape<'compositeId', Record<never, never>> {
  readonly parts?: P
}
/** A field that shows a part of the id. */
export interface OfId {
  readonly ofId: true
}
/** A list of scalars. */
export interface ListShape<K extends KindName = KindName> {
  readonly is: 'list'
  readonly kind: K
}
/** An embedded object. */
export interface EmbedShape<F extends Fields = Fields> {
  readonly is: 'embed'
  readonly fields: F
}
/** A list of embedded objects. */
export interface ObjectsShape<F extends Fields = Fields> {
  readonly is: 'objects'
  readonly fields: F
}

type ListOf<S> = S extends EmbedShape<infer F> ? ObjectsShape<F> : S extends ScalarShape<infer K> ? ListShape<K> : never

/** How many records may lack a unique value: one, where null counts like a value, or many. */
export type Nulls = 'one' | 'many'

/** That no two records have one value. */
export interface Unique {
  /** Null: as MongoDB's index has it, and many where there is none. */
  readonly nulls: Nulls | null
}

/** Everything a field says about itself; plain data, read by `define-entity`. */
export interface FieldSpec {
  readonly shape: 'scalar' | 'list' | 'embed' | 'objects'
  /** The kind of the value, or of the elements of a list; null for an embedded object. */
  readonly kind: KindName | null
  readonly converter: Converter
  readonly strict: boolean
  /** The texts that an enumeration allows; null for other kinds. */
  readonly values: readonly string[] | null
  /** Paths inside a json value that can be asked for. */
  readonly paths: Fields | null
  /** What a composite id is made of; null for other kinds. */
  readonly parts: IdParts | null
  /** Of a list: a stored value that is none is a list of that one. */
  readonly orOne: boolean
  /** Members of an embedded object, or of each object in a list. */
  readonly fields: Fields | null
  /** Table that holds the elements of a list; null keeps them in a column. */
  readonly childTable: string | null
  readonly required: boolean
  /** Path in the document, dotted and relative to the parent; null means the field's name. */
  readonly mongo: string | null
  readonly column: string | null
  readonly sensitive: boolean
  readonly unique: Unique | null
  readonly index: boolean
  /** Name of the entity that the value is an id of. */
  readonly references: string | null
  /** Set where the mapping asked for something that cannot be built; `checks` turns it into an error. */
  readonly flaw: string | null
}

const plain: FieldSpec = {
  shape: 'scalar',
  kind: null,
  converter: {},
  strict: false,
  values: null,
  orOne: false,
  paths: null,
  parts: null,
  fields: null,
  childTable: null,
  required: false,
  mongo: null,
  column: null,
  sensitive: false,
  unique: null,
  index: false,
  references: null,
  flaw: null,
}

/** Whether a field says nothing about itself but its shape and kind. */
export const isBare = ({ shape, kind, converter, ...told }: FieldSpec): boolean =>
  Object.keys(converter).length === 0 &&
  Object.entries(told).every(([key, value]) => value === plain[key as keyof FieldSpec])

/**
 * One field of a mapping: `T` is what a record holds. Immutable: each method returns a changed copy. Nullable unless
 * `required`.
 */
export class Field<T, S extends Shape = Shape> {
  /** Carries the record's type; holds nothing. */
  declare readonly value: T
  /** Likewise. */
  declare readonly shape: S
  readonly spec: FieldSpec

  constructor(spec: FieldSpec) {
    this.spec = Object.freeze(spec)
  }

  #with<U = T>(change: Partial<FieldSpec>): Field<U, S> {
    return new Field<U, S>({ ...this.spec, ...change })
  }

  /** Never null in a record that is written; a stored null is a data issue. */
  required(): Field<NonNullable<T>, S> {
    return this.#with<NonNullable<T>>({ required: true })
  }

  /**
   * Where the value is in the Mongo document, dotted, relative to the enclosing object. Default: the field's name.
   * `_id.store` shows a part of an id that is a `compositeId`.
   */
  at<P extends string>(path: P): Field<T, P extends `_id.${string}` ? S & OfId : S> {
    return new Field({ ...this.spec, mongo: path })
  }

  /** The Postgres column. Default: the field's path in snake case. */
  column(name: string): Field<T, S> {
    return this.#with({ column: name })
  }

  /**
   * Stored values of another kind are null, each with a data issue. Without it they are what GraphQL's own scalar makes
   * of them: a number in a text() is its digits, the text '12' in an int() is 12.
   */
  strict(): Field<T, S> {
    return this.#with({ strict: true })
  }

  /**
   * Hidden from operators: in logs, mismatches, conflicts, data issues and profiles. Clients see it where the contract
   * shows it, and in the cursors of lists that are ordered by it.
   */
  sensitive(): Field<T, S> {
    return this.#with({ sensitive: true })
  }

  /**
   * One record per value; the Postgres constraint is made once no duplicates stand in the way.
   *
   * @param options.nulls how many records may lack a value. Default: as MongoDB's unique index counts them while there
   * is one (a plain one takes null for a value, a sparse one does not), and else many.
   */
  unique({ nulls = null }: { readonly nulls?: Nulls | null } = {}): Field<T, S> {
    return this.#with({ unique: Object.freeze({ nulls }) })
  }

  /** An index in Postgres. */
  index(): Field<T, S> {
    return this.#with({ index: true })
  }

  /** The value is the id of a record of the named entity; one that points nowhere is a data issue. */
  references(entity: string): Field<T, S> {
    return this.#with({ references: entity })
  }

  /** For lists: one row an element in a table of its own, in place of an array or json column. */
  childTable(name: string): Field<T, S> {
    return this.#with({ childTable: name })
  }
}

type Scalar<T, K extends KindName> = Field<T | null, ScalarShape<K, Record<never, never>>>

const scalar = <T, K extends KindName>(kind: K, converter: Converter = {}): Scalar<T, K> =>
  new Field({ ...plain, kind, converter })

type NullIf = Pick<Converter, 'nullIf'>

/** The 24 hex digits of an ObjectId, in lower case. */
export const objectId = (): Scalar<string, 'objectId'> => scalar('objectId')
/** Unicode text without NUL. */
export const text = (converter?: NullIf): Scalar<string, 'text'> => scalar('text', converter)
/** A whole number of 32 bits. */
export const int = (converter?: Converter): Scalar<number, 'int'> => scalar('int', converter)
/** A double: neither NaN nor infinite. */
export const float = (converter?: NullIf): Scalar<number, 'float'> => scalar('float', converter)
/** True or false. */
export const boolean = (converter?: NullIf): Scalar<boolean, 'boolean'> => scalar('boolean', converter)
/**
 * A moment, to the millisecond: a `Date` in records. `forms` says how documents hold it where that is not as dates alone,
 * first the form that is written: `timestamp({ forms: ['text', 'date'] })`.
 */
export const timestamp = (converter?: Pick<Converter, 'nullIf' | 'forms'>): Scalar<Date, 'timestamp'> =>
  scalar('timestamp', converter)
/** An exact decimal of at most 34 digits, as text: `'0.10'`. */
export const decimal = (converter?: NullIf): Scalar<string, 'decimal'> => scalar('decimal', converter)
/** A whole number of 64 bits: a bigint in records, since a double has not all of them. */
export const long = (converter?: NullIf): Scalar<bigint, 'long'> => scalar('long', converter)
/** An id that MongoDB stores as a whole number of 64 bits, or a reference to one: digits in records, `'9007199254740993'`. */
export const longId = (): Scalar<string, 'longId'> => scalar('longId')
/**
 * An id that MongoDB stores as an object, or a reference to one: `compositeId({ store: text(), number: int() })`. The
 * members stand in the object in this order, and it has no others. In records it is one text, which `idOf` makes of the
 * parts and `partsOf` takes apart.
 *
 * @param parts two or more, each `text()`, `int()`, `long()`, `uuid()`, `objectId()` or `timestamp()` and nothing else.
 */
export function compositeId<P extends IdParts>(
  parts: {
    readonly [N in keyof P]: Field<unknown, ScalarShape<P[N]>>
  },
): Field<string | null, CompositeShape<P>>
export function compositeId(given: Fields): Field<string | null, CompositeShape> {
  const parts = Object.entries(given).flatMap(([name, { spec }]) =>
    spec.shape === 'scalar' && isPartKind(spec.kind) && isBare(spec) ? [[name, spec.kind] as const] : [],
  )
  const isWhole = parts.length >= 2 && parts.length === Object.keys(given).length
  const flaw = isWhole ? null : 'has a part that is none, or fewer than two'
  return new Field({ ...plain, kind: 'compositeId', parts: Object.freeze(Object.fromEntries(parts)), flaw })
}
/** RFC 9562, in lower case with hyphens. */
export const uuid = (converter?: NullIf): Scalar<string, 'uuid'> => scalar('uuid', converter)
/** Bytes, as padded base64. */
export const binary = (): Scalar<string, 'binary'> => scalar('binary')

/**
 * Any JSON value, compared whole.
 *
 * @param paths what queries may ask of it, dotted, with the kind that a value must have there to be found: `text()`,
 * `int()`, `float()` or `boolean()`. A value of another kind, or below a list, counts as null.
 */
export const json = <P extends Fields = Record<never, never>>(paths?: P): Field<Json, ScalarShape<'json', P>> =>
  new Field({ ...plain, kind: 'json', paths: paths ?? null })

/** One of the given texts, `enumeration(['draft', 'sent'])`; any other that is stored is null, with a data issue. */
export function enumeration<const V extends string>(values: readonly V[], converter: NullIf = {}): Scalar<V, 'enum'> {
  const flaw = new Set(values).size === values.length && values.length > 0 ? null : 'has no values, or one twice'
  return new Field({ ...plain, kind: 'enum', values, converter, flaw })
}

/** What a list takes beside lists. */
interface ListOptions {
  /** A stored value that is no list counts as a list of that one: `tags: 'red'` beside `tags: ['red', 'blue']`. */
  readonly orOne?: boolean
}

/**
 * A list of scalars, `list(text())`, in an array column, or of embedded objects, in a json column, unless `childTable`
 * names a table.
 * The elements of a table of objects are rows with a column for each member.
 */
export function list<T, S extends Shape>(
  element: Field<T, S>,
  { orOne = false }: ListOptions = {},
): Field<readonly NonNullable<T>[] | null, ListOf<S>> {
  const { shape, kind, converter, strict, values, parts, fields, sensitive, flaw: inner } = element.spec
  if (shape === 'embed') {
    const flaw = orOne ? 'is a list of objects, which takes lists alone' : null
    return new Field({ ...plain, shape: 'objects', fields, sensitive, flaw })
  }
  const flaw =
    shape === 'scalar'
      ? kind === 'json'
        ? 'is a list of json, which no column holds'
        : inner
      : 'is a list of lists, which no column holds'
  return new Field({ ...plain, shape: 'list', kind, converter, strict, values, parts, orOne, sensitive, flaw })
}

/**
 * An object inside the document; its members become columns of the entity's table, and one column tells an object that is
 * missing from one that holds nothing. `embed({ rating: float(), votes: int() })`
 */
export function embed<F extends Fields>(fields: F): Field<ValuesOf<F> | null, EmbedShape<F>> {
  return new Field({ ...plain, shape: 'embed', fields })
}
