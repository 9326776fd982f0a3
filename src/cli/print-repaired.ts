import type { Entity } from '../entity/entity.ts'
import { type DifferenceGroup, groupOf, pathsOf } from '../jobs/differences-found.ts'
import { type Examined, isMongosOwn, type Repaired } from '../jobs/repair.ts'
import type { Unequal } from '../jobs/settle-records.ts'
import { cut } from '../shadow/redact.ts'
import { otherOrigin } from '../util/origin.ts'
import { tell as line } from './output.ts'
import { versionText } from './version-text.ts'

const maxShown = 3 // of one group

interface ShownGroup extends DifferenceGroup {
  readonly examples: readonly Unequal[]
}

/** By kind and paths, most frequent first, each with some of its records. */
export function groupsOf(entity: Entity, unequal: readonly Unequal[]): ShownGroup[] {
  const grouped = Map.groupBy(unequal, (found) => groupOf(entity, { kind: found.kind, paths: pathsOf(found) }))
  const groups = [...grouped].map(([group, of]) => ({
    group,
    kind: of[0]!.kind,
    paths: pathsOf(of[0]!),
    count: of.length,
    examples: of.slice(0, maxShown),
  }))
  return groups.sort((a, b) => b.count - a.count)
}

function printGroup({ group, kind, paths, count, examples }: ShownGroup, stores: readonly [string, string]): void {
  line(`group ${group}: ${count} ${kind}${paths.length > 0 ? ` in ${paths.join(', ')}` : ''}`)
  for (const { id, versions, differences } of examples) {
    line(
      `  ${id} (versions: ${stores.map((store, side) => `${store} ${versionText(versions[side] ?? null)}`).join(', ')})`,
    )
    for (const { path, control, candidate, only } of differences) {
      const values = [control, candidate].map((value) => JSON.stringify(cut(value)))
      line(`    ${path}: ${values.join(' against ')}${only ? `, in the ${only} alone` : ''}`)
    }
  }
}

function printLeft(entity: Entity, found: readonly Unequal[], authority: Examined['authority']): void {
  for (const group of groupsOf(entity, found)) printGroup(group, [authority, otherOrigin(authority)])
  const own = found.filter((each) => isMongosOwn(authority, each)).length
  if (own > 0)
    line(
      `${own} differ only in what the mapping does not name, which no repair writes into MongoDB: another program has. Take it over by \`stage set ${entity.name} shadow\` and a repair there, or undo it in MongoDB`,
    )
}

/** What a repair would do, with some values; what the mapping hides is hidden. */
export function printExamined(entity: Entity, chosen: string, records: number, found: Examined): void {
  const { authority, unequal, undecided } = found
  const mirror = otherOrigin(authority)
  line(`${entity.name}: ${unequal.length} of ${records} records, chosen ${chosen}, differ`)
  if (undecided.length > 0)
    line(`${undecided.length} were owed or changed each time that they were looked at: see \`crossfade mirror status\``)
  printLeft(entity, unequal, authority)
  if (unequal.length > 0)
    line(
      `The same command with --yes makes ${mirror} equal to ${authority}; what it replaces is kept in \`crossfade conflicts list ${entity.name}\`, but for what the mapping does not name`,
    )
}

/** What a repair has done. */
export function printRepaired(entity: Entity, chosen: string, done: Repaired): void {
  const { authority, unequal, put, buried, left, undecided, keptOut } = done
  const mirror = otherOrigin(authority)
  line(
    `${entity.name}: ${unequal.length} records, chosen ${chosen}, differed: ${put} were put, ${buried} removed from ${mirror}`,
  )
  if (unequal.length > 0 && left.length + undecided.length + keptOut.length === 0)
    line('All were looked at again, and are equal')
  if (keptOut.length > 0)
    line(`${keptOut.length} are refused by ${mirror}, and owed to it: see \`crossfade issues list ${entity.name}\``)
  if (undecided.length > 0) line(`${undecided.length} were owed or changed each time that they were looked at`)
  if (left.length > 0) line(`${left.length} differ still`)
  printLeft(entity, left, authority)
  if (put + buried > 0)
    line(
      `What was replaced or removed is kept, but for what the mapping does not name: \`crossfade conflicts list ${entity.name}\``,
    )
}
