import { intPrefixPattern, type TimestampForm } from '../codec/converter.ts'
import type { KindName } from '../codec/kinds.ts'
import type { Entity, Leaf, Scope } from '../entity/entity.ts'
import { instantOf } from '../stores/mongo/codec/iso-text.ts'
import type { FieldProfile } from '../stores/mongo/profile/field-tally.ts'
import type { UnmappedField } from '../stores/mongo/profile/unmapped.ts'
import { draftOf, type FieldDraft, fieldCode, kindOfType } from './field-code.ts'
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
const sum = (groups: readonly { readonly count: number }[]): number => groups.reduce((all, { count }) => all + count, 0)
const lostBy = ({ lost }: FieldProfile, ...rules: readonly string[]): number =>
  sum(lost.filter(({ rule }) => rules.includes(rule)))

/** The kind of all that is there, where nothing is of the field's own, and most of it means nothing to it. */
function anotherKind({ own, coerced, lost, list }: FieldProfile): Change | null {
  const found = [...coerced, ...lost].filter(({ type }) => type !== 'missing' && type !== 'null')
  const types = new Set(found.map(({ type }) => type))
  const [type] = types
  const isMisfit = own === 0 && !list && sum(lost) > sum(coerced)
  const kind = types.size === 1 && isMisfit ? kindOfType[type!] : undefined
  return kind ? [{ kind, converter: {}, values: null, strict: false }, `all that is there is of ${type}`] : null
}

/** The forms in which a timestamp is found beside the ones that it reads, the most frequent first where it reads dates alone. */
function formsFound(
  { kind, strict, converter: { forms = ['date'] } }: Leaf,
  found: FieldProfile,
): TimestampForm[] | null {
  if (kind !== 'timestamp' || strict) return null
  const isNumber = ({ type }: { readonly type: string }): boolean => type === 'long' || type === 'double'
  const isKept = found.own > 0 || found.coerced.length > 0
  const texts = sum(found.strays.filter(({ text }) => instantOf(text) !== undefined))
  const isMostly = isKept || 2 * texts > sum(found.strays) // else it is a text, some of which look like dates
  const counts: readonly (readonly [TimestampForm, number])[] = [
    ['text', isMostly ? texts : 0],
    // Seconds since 1970 are ints, and nobody's dates by themselves
    ['milliseconds', sum(found.lost.filter(isNumber))],
  ]
  const others = counts.filter(([form, count]) => count > 0 && !forms.includes(form))
  if (others.length === 0) return null
  const more = others.sort(([, a], [, b]) => b - a).map(([form]) => form)
  return isKept ? [...forms, ...more] : more
}

/** Texts that are no values of the field, which a converter or another value would make some. */
function strayTexts(leaf: Leaf, found: FieldProfile, forms: TimestampForm[] | null): Change[] {
  const { kind, converter, values } = leaf
  const changes: Change[] = []
  const isFloat = kind === 'int' && lostBy(found, 'is not a whole number', 'is past 32 bits') > 0
  const { intPrefix, nullIf = [], forms: known } = converter
  const nothing = takesNullIf.has(kind) ? found.strays.filter(({ text }) => nothings.test(text)) : []
  const prefixed = found.strays.filter(({ text }) => new RegExp(intPrefixPattern).test(text))
  const begins = kind === 'int' && !isFloat && !intPrefix && prefixed.length > 0
  const given = [...nullIf, ...nothing.map(({ text }) => text)]
  const fitting = {
    ...(given.length > 0 ? { nullIf: given } : {}),
    ...((intPrefix || begins) && !isFloat ? { intPrefix: true as const } : {}),
    ...(known ? { forms: known } : {}),
  }
  if (nothing.length > 0)
    changes.push([{ converter: fitting }, `${counted(sum(nothing))} a text that stands for nothing`])
  if (begins) changes.push([{ converter: fitting }, `${counted(sum(prefixed))} a text that begins with a number`])
  if (isFloat) {
    const count = lostBy(found, 'is not a whole number', 'is past 32 bits')
    changes.push([{ kind: 'float', converter: fitting }, `${counted(count)} a number that no int holds`])
  }
  if (forms) changes.push([{ converter: { ...fitting, forms } }, `dates are kept as ${forms.join(' and as ')}`])
  const others = found.strays.filter(({ text }) => !nothings.test(text))
  if (kind === 'enum' && others.length > 0)
    changes.push([{ values: [...values!, ...others.map(({ text }) => text)] }, `${counted(sum(others))} another value`])
  return changes
}

function uniqueness(leaf: Leaf, unique: readonly UniqueProfile[]): Change | null {
  const own = unique.filter(({ paths }) => paths.length === 1 && paths[0] === leaf.path)
  const doubled = own.find(({ found }) => found && found.values > 0)?.found
  if (leaf.unique && doubled) return [{ unique: null }, `${doubled.documents} documents share ${doubled.values} values`]
  const promised = own.find(({ because }) => because.startsWith('MongoDB'))
  return !leaf.unique && promised && !doubled ? [{ unique: { nulls: null } }, `unique by ${promised.because}`] : null
}

function changesOf(leaf: Leaf, found: FieldProfile, unique: readonly UniqueProfile[]): Change[] {
  const missing = lostBy(found, 'is required but null or missing')
  const arrays = sum(found.lost.filter(({ type }) => type === 'array'))
  const forms = formsFound(leaf, found)
  const another = forms ? null : anotherKind(found)
  const changes: (Change | null)[] = [
    missing > 0 ? [{ required: false }, `${counted(missing)} none`] : null,
    ...(another ? [another] : strayTexts(leaf, found, forms)),
    leaf.list !== 'none' && lostBy(found, 'is not a list') > 0
      ? [{ orOne: true }, `${counted(lostBy(found, 'is not a list'))} one value in the place of a list`]
      : null,
    leaf.list === 'none' && arrays > found.own
      ? [{ list: 'column' }, `${counted(arrays)} a list, and ${found.own} one value`]
      : null,
    uniqueness(leaf, unique),
  ]
  return changes.filter((change) => change !== null)
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
