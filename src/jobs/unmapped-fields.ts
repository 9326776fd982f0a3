import type { Entity } from '../entity/entity.ts'
import type { Unmapped, UnmappedField } from '../stores/mongo/profile/unmapped.ts'
import { kindCode, kindOfType, quoted } from './field-code.ts'
import type { Suggestion } from './suggestion.ts'

const numbers = new Set(['int', 'long', 'double'])
const maxMembers = 24 // of an object that is told member by member

/** The code of the kind that holds all that is stored. */
function codeOf({ types, members }: Unmapped, depth: number): string {
  const found = types.map(({ type }) => type).filter((type) => type !== 'null' && type !== 'undefined')
  const [only, ...others] = found
  if (only === undefined) return 'json()'
  if (others.length > 0) {
    if (!found.every((type) => numbers.has(type))) return 'json()'
    return found.includes('double') ? 'float()' : 'long()'
  }
  if (only === 'object') return objectCode(members, depth)
  if (only !== 'array') return kindCode(kindOfType[only] ?? 'json')
  const [elements, ...odd] = members
  if (!elements || odd.length > 0) return 'json()'
  const element = codeOf(elements, depth)
  // Neither a list of lists nor one of json has a column
  const isPlain = element !== 'json()' && !element.startsWith('list(') && !(depth > 0 && element.startsWith('embed('))
  return isPlain ? `list(${element})` : 'json()'
}

function objectCode(members: readonly Unmapped[], depth: number): string {
  const isMap = members.some(({ key }) => key === '*')
  if (isMap || members.length === 0 || members.length > maxMembers || depth > 2) return 'json()'
  const taken = new Set<string>()
  const lines = members.map((member) => fieldCodeOf(member, member.key, taken, depth + 1))
  return lines.includes(null) ? 'json()' : `embed({ ${lines.join(', ')} })`
}

/** A name that GraphQL takes for a key. */
function nameOf(key: string, taken: Set<string>): string {
  const words = key.split(/[^A-Za-z0-9]+/).filter((word) => word !== '')
  const camel = words.map((word, at) => (at === 0 ? word : word[0]!.toUpperCase() + word.slice(1))).join('')
  let name = /^[A-Za-z]/.test(camel) ? camel : `field${camel}`
  while (taken.has(name)) name += '2'
  taken.add(name)
  return name
}

/** Null for a key that no path leads to. */
function fieldCodeOf(found: Unmapped, at: string, taken: Set<string>, depth: number): string | null {
  const { key } = found
  if (key === '' || key.includes('.') || key.startsWith('$') || key.includes('\0')) return null
  const name = nameOf(key, taken)
  return `${name}: ${codeOf(found, depth)}${name === at ? '' : `.at(${quoted(at)})`}`
}

/** The names of the fields of each object of a record, by its path. */
function namesIn(entity: Entity): Map<string, Set<string>> {
  const paths = [
    ...[...entity.leaves.keys(), ...entity.embeds.keys(), ...entity.lists.keys()],
    ...[...entity.lists.values()].flatMap((list) =>
      [...list.leaves.keys(), ...list.embeds.keys()].map((path) => `${list.path}.${path}`),
    ),
  ]
  const names = new Map<string, Set<string>>([['', new Set(['id'])]])
  for (const path of paths) {
    const steps = path.split('.')
    const within = steps.slice(0, -1).join('.')
    names.set(within, (names.get(within) ?? new Set()).add(steps.at(-1)!))
  }
  return names
}

const percent = (count: number, of: number): string => `${((count / Math.max(1, of)) * 100).toFixed(1)} %`

/** Fields for what the mapping does not name; what no path leads to is left out. */
export function unmappedFields(entity: Entity, unmapped: readonly UnmappedField[], documents: number): Suggestion[] {
  const names = namesIn(entity)
  return unmapped.flatMap((found): Suggestion[] => {
    const { within, at, types } = found
    const taken = names.get(within) ?? new Set()
    names.set(within, taken)
    const code = fieldCodeOf(found, at, taken, 0)
    if (code === null) return []
    const because = `not in the mapping; ${percent(found.documents, documents)} of the documents, ${types.map(({ type }) => type).join(', ')}`
    return [{ within, code: `${code},`, because }]
  })
}
