import { assertEnumValueName } from 'graphql'
import type { Entity, Leaf, Scope } from '../entity/entity.ts'
import type { PathOf } from '../entity/path.ts'
import { CrossfadeError } from '../util/errors.ts'
import { onceFor } from '../util/once-for.ts'
import { repeated } from '../util/repeated.ts'
import type { Builder } from './builder.ts'
import type { Told } from './field.ts'
import { isShown, type ShownEnum, showAs } from './leaf-type.ts'

/** How the contract shows one of the texts that are stored. */
export interface ShownValue extends Told {
  /** Default: as it is stored. */
  readonly name?: string
}

/** What an enumeration of the contract is called, and how it spells what is stored. */
export interface EnumTypeOptions {
  /** The contract's name of the enumeration. */
  readonly name: string
  readonly description?: string
  /** By stored text: the contract's name of it, or what the contract says of it. */
  readonly values?: Readonly<Record<string, string | ShownValue>>
}

const made = onceFor((_builder: Builder) => new Map<string, { readonly ref: ShownEnum; readonly says: string }>())

/** The field of a path, which may lead into the objects of lists. */
function leafWithin(scope: Scope, path: string): Leaf | undefined {
  const leaf = scope.leaves.get(path)
  if (leaf) return leaf
  for (const [at, list] of scope.lists)
    if (path.startsWith(`${at}.`)) return leafWithin(list, path.slice(at.length + 1))
  return undefined
}

function spell(place: string, stored: string, shown: string | ShownValue): readonly [string, ShownValue] {
  const { name = stored, ...told } = typeof shown === 'string' ? { name: shown } : shown
  try {
    return [assertEnumValueName(name), told]
  } catch (cause) {
    const text = `${place}: ${JSON.stringify(name)} is no name of GraphQL. Give it one`
    throw new CrossfadeError('MISCONFIGURED', `${text}: values: { ${JSON.stringify(stored)}: 'NAME' }.`, { cause })
  }
}

/**
 * Shows a field that the mapping has as `enumeration()` as an enumeration of the contract, in the entity's type, its
 * inputs, filters and arguments; without it the field is a `String`. Call it before them. Clients see the contract's names
 * of the values; resolvers, filters and both stores have the texts that are stored. One enumeration may show several
 * fields, of several entities, that have the same values.
 *
 * ```ts
 * enumType(builder, Order, 'status', { name: 'OrderStatus', values: { 'in transit': 'IN_TRANSIT' } })
 * ```
 *
 * @throws MISCONFIGURED for a field of another kind, one that the contract has shown already, a value that the field does
 * not have, a name that GraphQL does not allow, and two enumerations of one name.
 */
export function enumType<E extends Entity>(
  builder: Builder,
  entity: E,
  path: PathOf<E>,
  { name, description, values = {} }: EnumTypeOptions,
): ShownEnum {
  const refuse = (text: string): never => {
    throw new CrossfadeError('MISCONFIGURED', `${entity.name}.${path}${text}`)
  }
  const leaf = leafWithin(entity, path)
  if (!leaf?.values) return refuse(` is no enumeration() of the mapping, and cannot be shown as ${name}.`)
  if (isShown(builder, leaf))
    return refuse(` is shown already: call enumType for ${name} before whatever shows the field.`)
  const strange = Object.keys(values).find((value) => !leaf.values!.includes(value))
  if (strange !== undefined) return refuse(` has no value ${JSON.stringify(strange)}, which ${name} spells.`)
  const spelled = leaf.values.map((stored) => {
    const [shown, told] = spell(`${entity.name}.${path}`, stored, values[stored] ?? stored)
    return [shown, { ...told, value: stored }] as const
  })
  const twice = repeated(spelled, ([shown]) => shown)
  if (twice) return refuse(` has two values that ${name} spells ${twice[0]}.`)
  const says = JSON.stringify(spelled)
  const earlier = made(builder).get(name)
  if (earlier && earlier.says !== says)
    return refuse(` is shown as ${name}, which has other values. Give it another name.`)
  // Pothos has forgotten that all values are texts
  const ref =
    earlier?.ref ??
    (builder.enumType(name, { description, values: Object.fromEntries(spelled) }) as unknown as ShownEnum)
  made(builder).set(name, { ref, says })
  showAs(builder, leaf, ref)
  return ref
}
