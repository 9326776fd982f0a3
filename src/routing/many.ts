import type { Entity, Id } from '../entity/entity.ts'
import { fieldSet } from '../entity/field-set.ts'
import type { Where } from '../query/where.ts'
import type { Store } from '../stores/store.ts'
import { CrossfadeError } from '../util/errors.ts'
import { askOnly } from './fail-over.ts'
import { PartlyWritten } from './partly-written.ts'

/** How many records one call may write. */
export interface ManyBound {
  /** 1 to 10,000; default 1,000. */
  readonly atMost?: number
}

const [usual, most] = [1_000, 10_000]

/** Writes of one call that are under way at a time. */
const sideBySide = 8

/** @throws BAD_USER_INPUT for what is no list, and for more than one call may write. */
export function checkedMany<T>(entity: Entity, given: readonly T[]): readonly T[] {
  if (!Array.isArray(given))
    throw new CrossfadeError('BAD_USER_INPUT', `createMany takes a list of ${entity.name} records.`)
  if (given.length <= most) return given
  throw new CrossfadeError('BAD_USER_INPUT', `createMany takes ${most} ${entity.name} records at most; call it again.`)
}

/**
 * Ids of the records that meet a condition, in order.
 *
 * @throws BAD_USER_INPUT where there are more than may be written.
 */
export async function idsOf(
  entity: Entity,
  store: Store,
  where: Where,
  { atMost = usual }: ManyBound,
): Promise<readonly Id[]> {
  if (!Number.isInteger(atMost) || atMost < 1 || atMost > most)
    throw new CrossfadeError('BAD_USER_INPUT', `atMost is a whole number from 1 to ${most}.`)
  const order = [{ path: 'id', direction: 'asc' }] as const
  const query = { where, order, limit: atMost + 1, fields: fieldSet(entity, []) }
  const found = await askOnly(store, ({ reader }) => reader.query(entity, query))
  if (found.length <= atMost) return found.map(({ record }) => record.id)
  const remedy = atMost < most ? 'Narrow it, or say how many with atMost' : 'Narrow it'
  throw new CrossfadeError(
    'BAD_USER_INPUT',
    `More than ${atMost} ${entity.name} records meet the condition. ${remedy}; nothing was written.`,
  )
}

/**
 * Writes each of several records. Where one fails, no further one is begun.
 *
 * @param isOne whether they are steps of one transaction, of which nothing stands then.
 * @param step answers with null where there was nothing to write.
 * @returns what the steps gave, in the order of the ids.
 * @throws the first failure where nothing was written; else PartlyWritten.
 */
export async function eachOf<T>(
  entity: Entity,
  ids: readonly Id[],
  isOne: boolean,
  step: (id: Id) => Promise<T | null>,
): Promise<T[]> {
  const queue = ids.values()
  const made = new Map<Id, T | null>()
  const unknown = new Set<Id>()
  const failures: unknown[] = []
  /** Takes one after the other of those that none has taken. */
  const work = async (): Promise<void> => {
    for (const id of queue) {
      if (failures.length > 0) return
      try {
        made.set(id, await step(id))
      } catch (error) {
        failures.push(error)
        if (!(error instanceof CrossfadeError) || error.code === 'UNKNOWN_OUTCOME') unknown.add(id)
      }
    }
  }
  await Promise.all(Array.from({ length: isOne ? 1 : sideBySide }, work))
  if (failures.length === 0) return ids.flatMap((id) => made.get(id) ?? [])
  const saysAll = made.size === 0 && (unknown.size === 0 || failures.length === 1)
  if (isOne || saysAll) throw failures[0]
  const done = ids.filter((id) => made.has(id))
  const left = ids.filter((id) => !made.has(id) && !unknown.has(id))
  throw new PartlyWritten(entity, failures[0], { done, unknown: [...unknown], left })
}
