import type { Fields, ObjectsShape } from '../entity/field.ts'
import type { FilterPathIn, ObjectsAt } from '../entity/filter-in.ts'
import type { ShapedPathIn } from '../entity/path.ts'

/**
 * Fields of a filter in the contract, and the record paths they mean; `true` is the path of the same name. A list of
 * objects comes with the fields of the filter of its members.
 */
export type FilterNames<F extends Fields = Fields> = Readonly<Record<string, FilterName<F>>>

type FilterName<F extends Fields> = true | 'id' | FilterPathIn<F> | MembersName<F>

type MembersName<F extends Fields> = string extends keyof F
  ? { readonly path: string; readonly members: FilterNames }
  : {
      readonly [P in ShapedPathIn<F, ObjectsShape>]: {
        readonly path: P
        readonly members: FilterNames<ObjectsAt<F, P>>
      }
    }[ShapedPathIn<F, ObjectsShape>]

/** What `N` must be besides: `true` stands at names that are paths alone, in lists of objects as well. */
export type SameNames<F extends Fields, N> = {
  readonly [K in keyof N]: N[K] extends true
    ? K extends 'id' | FilterPathIn<F>
      ? true
      : FilterPathIn<F>
    : N[K] extends { readonly path: infer P extends string; readonly members: infer M }
      ? { readonly path: P; readonly members: SameNames<ObjectsAt<F, P>, M> }
      : N[K]
}
