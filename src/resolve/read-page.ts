import type { Entity } from '../entity/entity.ts'
import type { FieldSet } from '../entity/field-set.ts'
import type { OffsetArgs } from '../query/offset-page.ts'
import type { PageArgs, PagePlan } from '../query/page.ts'
import type { RequestReads } from '../routing/reads.ts'
import { shownPage, shownWhere } from '../shadow/redact.ts'
import type { Item } from '../stores/store.ts'

/** A page of all records that a condition selects, and who asks for it. */
export interface RootPage {
  readonly entity: Entity
  readonly resolver: string
  readonly plan: PagePlan
  readonly args: PageArgs | OffsetArgs
  /** Types that stand in the same list: what one of them hides is shown of none. */
  readonly kin?: readonly Entity[]
}

/** The page by itself: one statement. */
export const readPage = (
  reads: RequestReads,
  { entity, resolver, plan: { where, ranges, order, offset, limit, shownOrder }, args, kin }: RootPage,
  fields: FieldSet,
): Promise<readonly Item[]> =>
  reads.run({
    entity,
    fields,
    resolver,
    args: () => ({ where: shownWhere(entity, where, kin), ...shownPage(entity, shownOrder, args, kin) }),
    ask: ({ reader }, signal) => reader.query(entity, { where, ranges, order, offset, limit, fields }, signal),
    outcome: (found: readonly Item[]) => ({
      is: 'records',
      entity,
      fields,
      lists: new Map([['', found]]),
      ordered: true,
      limit,
    }),
  })

/** How many records there are on all such pages: one statement. */
export const readCount = (reads: RequestReads, { entity, resolver, plan: { where }, kin }: RootPage): Promise<number> =>
  reads.run({
    entity,
    fields: null,
    resolver: `${resolver}.totalCount`,
    args: () => ({ where: shownWhere(entity, where, kin) }),
    ask: ({ reader }, signal) => reader.count(entity, where, signal),
    outcome: (value: number) => ({ is: 'value', value }),
  })
