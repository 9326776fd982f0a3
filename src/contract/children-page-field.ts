import type { FieldKind } from '@pothos/core'
import type { Entity } from '../entity/entity.ts'
import type { KeyPathOf } from '../entity/path.ts'
import type { Narrow } from '../entity/record.ts'
import { maxOffsetBelow, type PageBounds } from '../query/page.ts'
import { childrenPageOf } from '../resolve/load-children-page.ts'
import type { OffsetPage } from '../resolve/offset-page.ts'
import type { PageNames } from '../resolve/page-bounds.ts'
import type { Ref } from './builder.ts'
import { entityTypeOf } from './entity-type.ts'
import { type FieldsOf, type Made, objectFields, pageOf } from './field.ts'
import { pagedField, pageNumbers } from './page-field.ts'
import { type AnyBelow, type Below, keyOf, needsOf, orderBelow } from './related-fields.ts'
import { shownTo } from './shown.ts'

/** How the records below a parent are paged. */
interface Pages<E extends Entity> extends Partial<PageBounds> {
  /** What `pageType` made; without it the field is a plain list. */
  readonly type?: Ref<OffsetPage<Narrow<E>>>
  /** Default `{ limit: 'limit', offset: 'offset' }`. */
  readonly args?: PageNames
}

/** Which records stand below a parent, in which order and pages. */
export type ChildrenPageOptions<Parent, E extends Entity, K extends KeyPathOf<E>> = Below<Parent, E, K> & Pages<E>

/**
 * The records whose field `by` is the parent's id, or its field `of`, in pages by offset or number; all parents of a level
 * share one statement: `comments: childrenPage(t, Comment, { by: 'movieId', order: { date: 'desc' } })`. Bounds are those
 * of `page`, but for `maxOffset`, which is 1,000.
 *
 * @throws as `children`.
 */
export function childrenPage<Parent, Kind extends FieldKind, E extends Entity, K extends KeyPathOf<E>>(
  t: FieldsOf<Parent, Kind>,
  entity: E,
  options: ChildrenPageOptions<Parent, E, K>,
): Made
export function childrenPage(
  t: FieldsOf<unknown, FieldKind>,
  entity: Entity,
  { type, as, by = 'id', of = 'id', order = {}, args: own, ...more }: AnyBelow & Pages<Entity>,
): Made {
  const { size, max, maxOffset = maxOffsetBelow, where, unscoped, ...told } = more
  const shown = shownTo({ where, unscoped })
  const fields = objectFields(t)
  const keys = orderBelow(entity, by, order)
  const { named, names, args, numbersOf } = pageNumbers(fields, own)
  const shared = {
    ...told,
    nullable: false as const,
    extensions: {
      ...told.extensions,
      ...needsOf(of),
      ...pageOf(entity, { size, max, maxOffset, args: named }),
      children: [{ entity, by, order: keys }],
    },
    args,
  }
  return pagedField(fields, shared, type, {
    node: () => entityTypeOf(t.builder, entity, as),
    load(parent, given, context, info) {
      const value = keyOf(info, parent, of, entity, by)
      return childrenPageOf(context, info, entity, by, value, keys, numbersOf(given), { names, ...shown(context) })
    },
  })
}
