import type { Flag } from '../control/flag.ts'
import type { Entity, Id } from '../entity/entity.ts'
import type { Heard } from '../replay/side.ts'
import type { Stores } from '../routing/routing.ts'
import { STAGE_PLAN } from '../stage/stage.ts'
import type { Origin } from '../util/origin.ts'

/** Whether a store's records of a type are those of the store with authority: it has authority, or was made equal since. */
export const isKeptIn = (flag: Flag | undefined, origin: Origin): boolean => {
  if (!flag) return false
  const { authority, mirror } = STAGE_PLAN[flag.stage]
  return authority === origin || (mirror === origin && flag.fresh !== null)
}

/** Whether a mirror is owed any of what was read; of what has no version, anything of the types that it depends on. */
export async function owesAny(
  stores: Stores,
  flags: ReadonlyMap<string, Flag>,
  heard: readonly Heard[],
): Promise<boolean> {
  const ids = new Map<Entity, Set<Id>>()
  const whole = new Set<Entity>()
  for (const { entities, outcome } of heard) {
    if (outcome.is === 'value') for (const entity of entities) whole.add(entity)
    else {
      const known = ids.get(outcome.entity) ?? new Set()
      ids.set(outcome.entity, known)
      for (const items of outcome.lists.values()) for (const { record } of items) known.add(record.id)
    }
  }
  const outboxOf = ({ name }: Entity) => {
    const { authority, mirror } = STAGE_PLAN[flags.get(name)?.stage ?? 'off']
    return mirror === null ? null : stores[authority].candidate.outbox
  }
  const looks = [
    ...[...ids].map(async ([entity, each]) => ((await outboxOf(entity)?.owedFor(entity, [...each]))?.size ?? 0) > 0),
    ...[...whole].map(async (entity) => ((await outboxOf(entity)?.backlog(entity))?.count ?? 0) > 0),
  ]
  return (await Promise.all(looks)).includes(true)
}
