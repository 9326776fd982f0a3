import type { Entity } from '../entity/entity.ts'
import { flagKeyOf, flagMembers } from '../entity/flag-key.ts'
import { CrossfadeError } from '../util/errors.ts'
import type { Flag } from './flag.ts'

type Named = Pick<Entity, 'name' | 'group'>

export const isOfGroup = ({ type, members }: Flag): boolean => members.length > 1 || members[0] !== type

/** The flag that each type goes by, as the stores have it. A group that is being formed has its types' word already. */
export function flagsByType(flags: Iterable<Flag>): ReadonlyMap<string, Flag> {
  const byType = new Map<string, Flag>()
  const inForce = [...flags].filter(({ state }) => state !== 'retired')
  // Behind the types' own, which go next
  inForce.sort((a, b) => Number(a.state === 'forming') - Number(b.state === 'forming'))
  for (const flag of inForce) for (const type of flag.members) byType.set(type, flag)
  return byType
}

const inWords = (group: string | null): string => (group === null ? 'by itself' : `with group ${group}`)

/** What makes the stores say what the mapping says. */
function remedyFor({ name, group }: Named, kept: Flag, wanted: readonly string[]): string {
  if (kept.type !== name) return `crossfade group drop ${kept.type}`
  return `crossfade group set ${group} ${wanted.join(' ')}`
}

/**
 * Where a mapping and the stores say otherwise of which types change together: a line for each type, by its name. A type
 * that no flag is known for is none of them.
 */
export function disagreements(flags: Iterable<Flag>, entities: readonly Named[]): ReadonlyMap<string, string> {
  const byType = flagsByType(flags)
  const members = flagMembers(entities)
  const lines = new Map<string, string>()
  for (const entity of entities) {
    const kept = byType.get(entity.name)
    const wanted = members.get(flagKeyOf(entity))!
    if (!kept || (kept.type === flagKeyOf(entity) && kept.members.join() === wanted.join())) continue
    const [ours, theirs] = [entity.group, kept.type === entity.name ? null : kept.type].map(inWords)
    const which = ours === theirs ? ` (${wanted.join(', ')}; in the stores ${kept.members.join(', ')})` : ''
    const text = `${entity.name} moves ${ours} by the mapping, and ${theirs} by the stores${which}`
    lines.set(
      entity.name,
      `${text}: nothing of it is written. Run \`${remedyFor(entity, kept, wanted)}\`, change the mapping, or end this gateway where one of the other mapping takes its place.`,
    )
  }
  return lines
}

/**
 * What the stores keep together is changed, or copied, as a whole.
 *
 * @throws MISCONFIGURED with a line for each of the types of which mapping and stores say otherwise what they move with.
 */
export function checkTogether(flags: Iterable<Flag>, entities: readonly Named[], types: readonly string[]): void {
  const lines = disagreements(flags, entities)
  const own = types.flatMap((type) => lines.get(type) ?? [])
  if (own.length > 0) throw new CrossfadeError('MISCONFIGURED', own.join('\n'))
}
