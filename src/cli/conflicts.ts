import { hidden } from '../compare/differences.ts'
import type { Entity } from '../entity/entity.ts'
import { hidesAny } from '../entity/hides.ts'
import { conflictLog, parseConflict } from '../mirror/conflicts.ts'
import { idIn } from '../mirror/record-key.ts'
import type { Stores } from '../routing/routing.ts'
import { origins } from '../util/origin.ts'
import { printJson, say } from './output.ts'

const logLimit = 10_000

/** One that another version of the gateway wrote: that there was a copy is told, and none of what may be hidden. */
const unknownForm = {
  mirror: 'a store',
  version: 'unknown',
  authority: 'unknown',
  record: '(kept in a form that this version does not know)',
}

/** Copies of one type that were replaced because they differed at the same or a higher version, newest first. */
export async function printConflicts(stores: Stores, entity: Entity, limit: number, json: boolean): Promise<void> {
  const logs = await Promise.all(origins.map((origin) => stores[origin].ledger.tail(conflictLog, logLimit)))
  const kept = logs
    .flat()
    .filter(({ key }) => idIn(entity, key) !== null)
    .toSorted((a, b) => b.at.getTime() - a.at.getTime())
    .slice(0, limit)
    .map((line) => {
      const { record, ...versions } = parseConflict(line) ?? unknownForm
      return {
        id: idIn(entity, line.key),
        at: line.at,
        ...versions,
        record: record && hidesAny(entity) ? hidden : record,
      }
    })
  if (json) return printJson(kept)
  if (kept.length === 0) say(`No copy of a ${entity.name} was replaced.`)
  for (const { id, at, mirror, version, authority, record } of kept)
    process.stdout.write(
      `${id} (${at.toISOString()}): ${mirror} had ${version}, the authority ${authority}\n  ${JSON.stringify(record)}\n`,
    )
}
