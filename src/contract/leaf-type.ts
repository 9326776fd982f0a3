import type { EnumRef } from '@pothos/core'
import type { Leaf } from '../entity/entity.ts'
import { onceFor } from '../util/once-for.ts'
import type { Builder, SchemaTypesOf } from './builder.ts'
import { addScalar, scalarName } from './scalars.ts'

/** An enumeration of the contract; resolvers see the texts that are stored. */
export type ShownEnum = EnumRef<SchemaTypesOf, string>

/** What the contract shows values of a field as, once it was asked for. */
const shownBy = onceFor((_builder: Builder) => new Map<Leaf, ShownEnum | ReturnType<typeof scalarName>>())

/** Whether a part of the contract has shown the field already. */
export const isShown = (builder: Builder, leaf: Leaf): boolean => shownBy(builder).has(leaf)

/** Shows values of a field as those of an enumeration from now on. */
export const showAs = (builder: Builder, leaf: Leaf, shown: ShownEnum): void => void shownBy(builder).set(leaf, shown)

/** The type of a field's values in outputs, inputs and filters; a scalar of ours is added to the contract. */
export function leafType(builder: Builder, leaf: Leaf): ShownEnum | ReturnType<typeof scalarName> {
  const known = shownBy(builder).get(leaf)
  if (known !== undefined) return known
  const name = scalarName(leaf)
  addScalar(builder, name)
  shownBy(builder).set(leaf, name)
  return name
}
