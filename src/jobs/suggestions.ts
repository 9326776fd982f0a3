import { intPrefixPattern } from '../codec/converter.ts'
import type { KindName } from '../codec/kinds.ts'
import type { Entity, Leaf, Scope } from '../entity/entity.ts'
import type { FieldProfile } from '../stores/mongo/profile/field-tally.ts'
import type { UnmappedField } from '../stores/mongo/profile/unmapped.ts'
import { draftOf, type FieldDraft, fieldCode } from './field-code.ts'
import type { Suggestion } from './suggestion.ts'
import type { UniqueProfile } from './unique-profiles.ts'
import { unmappedFields } from './unmapped-fields.ts'

interface Found {
  readonly documents: number
  readonly fields: readonly FieldProfile[]
  readonly unmapped: readonly UnmappedField[]
  readonly unique: readonly UniqueProfile[]
}

/** Texts that people write where they have nothing to say. */
const nothings = /^\s*(|-+|n\/?a|null|none|nil|nan|undefined|unknown|tbd|\?+)\s*$/i
const takesNullIf: ReadonlySet<KindName> = new Set([
  'text',
  'enum',
  'int',
  'float',
  'boolean',
  'timestamp',
  'decimal',
  'long',
  'uuid',
])

/** A change of a field, and why. */
type Change = readonly [draft: Partial<FieldDraft>, because: string]

const counted = (count: number): string => (count === 1 ? '1 document has' : `${count} documents have`)
const lostBy = ({ lost }: FieldProfile, rule: string): number =>
  lost.reduce((sum, each) => sum + (each.rule === rule ? each.count : 0), 0)

function changesOf(leaf: Leaf, found: FieldProfile, unique: readonly UniqueProfile[]): Change[] {
  const changes: Change[] = []
  const { kind, converter } = leaf
  const missing = lostBy(found, 'is required but null or missing')
  if (missing > 0) changes.push([{ required: false }, `${counted(missing)} none`])

  const nulls = takesNullIf.has(kind) ? found.strays.filter(({ text }) => nothings.test(text)) : []
  if (nulls.length > 0) {
    const count = nulls.reduce((sum, each) => sum + each.count, 0)
    const nullIf = [...(converter.nullIf ?? []), ...nulls.map(({ text }) => text)]
    changes.push([{ converter: { ...converter, nullIf } }, `${counted(count)} a text that stands for nothing`])
  }
  const prefixed = found.strays.filter(({ text }) => new RegExp(intPrefixPattern).test(text))
  if (kind === 'int' && !converter.intPrefix && prefixed.length > 0) {
    const before = changes.at(-1)?.[0].converter ?? converter
    const count = prefixed.reduce((sum, each) => sum + each.count, 0)
    changes.push([{ converter: { ...before, intPrefix: true } }, `${counted(count)} a text that begins with a number`])
  }
  const fractions = lostBy(found, 'is not a whole number')
  const large = lostBy(found, 'is past 32 bits')
  if (kind === 'int' && fractions + large > 0)
    changes.push([{ kind: 'float' }, `${counted(fractions + large)} a number that no int holds`])
  const strange = lostBy(found, 'is none of the values that the field allows')
  if (kind === 'enum' && strange > 0 && found.strays.length > 0) {
    const more = found.strays.map(({ text }) => text).filter((text) => !nothings.test(text))
    if (more.length > 0)
      changes.push([{ values: [...(leaf.values ?? []), ...more] }, `${counted(strange)} another value`])
  }
  const arrays = found.lost.filter(({ type }) => type === 'array').reduce((sum, { count }) => sum + count, 0)
  if (leaf.list === 'none' && arrays > found.own)
    changes.push([{ list: 'column' }, `${counted(arrays)} a list, and ${found.own} one value`])
  const doubled = unique.find(({ paths, found: held }) => paths.length === 1 && paths[0] === leaf.path && held?.values)
  if (leaf.unique && doubled)
    changes.push([{ unique: null }, `${doubled.found!.documents} documents share ${doubled.found!.values} values`])
  const promised = unique.find(
    ({ paths, because }) => paths.length === 1 && paths[0] === leaf.path && because.startsWith('MongoDB'),
  )
  if (!leaf.unique && promised && !doubled) changes.push([{ unique: { nulls: null } }, `unique by ${promised.because}`])
  return changes
}

function ofScope(scope: Scope, prefix: string, found: Found): Suggestion[] {
  return [...scope.leaves.values()].flatMap((leaf): Suggestion[] => {
    const path = prefix === '' ? leaf.path : `${prefix}.${leaf.path}`
    const field = found.fields.find((each) => each.path === path)
    if (!field) return []
    const changes = changesOf(leaf, field, prefix === '' ? found.unique : [])
    if (changes.length === 0) return []
    const draft: FieldDraft = Object.assign({}, draftOf(scope, leaf), ...changes.map(([change]) => change))
    const because = changes.map(([, why]) => why).join('; ')
    return [{ within: path.split('.').slice(0, -1).join('.'), code: fieldCode(leaf.keys.at(-1)!, draft), because }]
  })
}

/** What of a mapping would fit better what is stored: of the fields that it names, then of what it does not name. */
export function suggestions(entity: Entity, found: Found): Suggestion[] {
  const named = [
    ...ofScope(entity, '', found),
    ...[...entity.lists.values()].flatMap((list) => ofScope(list, list.path, found)),
  ]
  return [...named, ...unmappedFields(entity, found.unmapped, found.documents)]
}
