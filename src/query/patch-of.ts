import type { Entity } from '../entity/entity.ts'
import type { Field, Fields, ListShape, ObjectsShape, ScalarShape } from '../entity/field.ts'
import type { FieldAt, ScalarPathIn, WrittenPathIn } from '../entity/path.ts'
import type { Given, Members } from '../entity/record.ts'
import type { Arithmetic, Inserted, Operation } from './operations.ts'
import type { WhereOf } from './where.ts'

interface Amounts {
  readonly int: number
  readonly float: number
  readonly long: number | bigint | string
  readonly decimal: number | bigint | string
}

type Pop = Operation<'pop', 'first' | 'last'>

/** What can be done to a field, beside setting it. */
type Operations<F extends Fields, D> =
  D extends Field<infer T, infer S>
    ? S extends ScalarShape<infer K>
      ?
          | (K extends keyof Amounts ? Operation<'increment', Amounts[K]> : never)
          | (K extends keyof Amounts | 'timestamp' ? Operation<'min' | 'max', NonNullable<T>> : never)
          | (K extends 'int' | 'float' ? Operation<'compute', Arithmetic<ScalarPathIn<F, 'int' | 'float'>>> : never)
      : S extends ListShape
        ? NonNullable<T> extends readonly (infer V)[]
          ? Operation<'append' | 'addToSet' | 'pull', V> | Operation<'insert', Inserted<V>> | Pop
          : never
        : S extends ObjectsShape<infer G>
          ?
              | Operation<'append', Members<G>>
              | Operation<'insert', Inserted<Members<G>>>
              | Operation<'pull', WhereOf<G>>
              | Operation<'change', { readonly where: WhereOf<G>; readonly changes: PatchIn<G> }>
              | Pop
          : never
    : never

/** The same of the members of an object. */
export type PatchIn<F extends Fields> = string extends keyof F
  ? Readonly<Record<string, unknown>>
  : {
      readonly [P in WrittenPathIn<F>]?: Given<FieldAt<F, P>> | Operations<F, FieldAt<F, P>> | null | undefined
    }

/**
 * Record paths, dotted for members, to new values, null, or operations such as `increment(1)`. Undefined leaves a field
 * alone. A null that is given to a required field is refused when it is written, since clients may send it.
 */
export type PatchOf<E extends Entity> = PatchIn<E['fields']>
