import type { Entity, Id } from '../entity/entity.ts'
import { parseId } from '../entity/parse-id.ts'
import type { Findings } from '../stores/findings.ts'
import type { Ledger } from '../stores/ledger.ts'
import { CrossfadeError } from '../util/errors.ts'
import { groupOf } from './differences-found.ts'
import { lastDifferences } from './verify.ts'

/** Records to repair, and in words how they were chosen. */
export interface RepairChoice {
  readonly ids: readonly Id[]
  readonly chosen: string
}

const refused = (text: string): CrossfadeError => new CrossfadeError('BAD_USER_INPUT', text)

/**
 * Those of the last verification, of the whole type or of a part.
 *
 * @param ledger of the store with authority.
 * @param epoch of the type's flag: what was found before a move is said of other stores.
 * @throws BAD_USER_INPUT where there was none since.
 */
export async function chosenByVerify(ledger: Ledger, entity: Entity, epoch: number): Promise<RepairChoice> {
  const last = await lastDifferences(ledger, entity)
  const remedy = `run \`crossfade verify ${entity.name}\` first, or name records by --id`
  if (!last) throw refused(`Nothing is known to differ: ${remedy}.`)
  const { began, differences, isWhole } = last
  if (last.epoch !== epoch)
    throw refused(`The stage of ${entity.name} was changed since the verify of ${began}: ${remedy}.`)
  const chosen = `by the verify of ${isWhole ? '' : 'a part, '}${began}`
  return { ids: differences.map(({ id }) => id), chosen }
}

/** @throws BAD_USER_INPUT for what can be no id. */
export const chosenByIds = (entity: Entity, ids: readonly string[]): RepairChoice => ({
  ids: ids.map((id) => parseId(entity, id)),
  chosen: 'by id',
})

/**
 * Those of a group that the last verification found, else the examples that are kept of a group of mismatches; either is
 * named by the first digits.
 *
 * @throws BAD_USER_INPUT where there is no one such group.
 */
export async function chosenByGroup(
  ledger: Ledger,
  findings: Findings,
  entity: Entity,
  name: string,
): Promise<RepairChoice> {
  const last = await lastDifferences(ledger, entity)
  const ours = (last?.differences ?? []).filter((found) => groupOf(entity, found).startsWith(name))
  const groups = new Set(ours.map((found) => groupOf(entity, found)))
  if (groups.size === 1) return { ids: ours.map(({ id }) => id), chosen: `by group ${[...groups][0]} of verify` }
  const found = groups.size === 0 ? await findings.show(name) : null
  const remedy = `see \`crossfade verify ${entity.name}\` and \`crossfade mismatches list\``
  const none = `No one group of ${entity.name} begins with ${name}`
  if (!found) throw refused(`${none}; ${remedy}.`)
  if (found.group.type !== entity.name) throw refused(`${none}: ${found.group.fingerprint} is of ${found.group.type}.`)
  const ids = found.examples.flatMap(({ id }) => (id === null ? [] : [parseId(entity, id)]))
  if (ids.length === 0) throw refused(`Group ${name} is of whole results, and names no record: ${remedy}.`)
  return { ids, chosen: `by group ${found.group.fingerprint} of mismatches` }
}
