import { isInt } from './int.ts'
import type { KindName } from './kinds.ts'

/** The kinds that can be asked for inside of a json value, and which JSON values are theirs. */
export const inJson: Partial<Record<KindName, (value: unknown) => boolean>> = {
  text: (value) => typeof value === 'string',
  int: isInt,
  float: (value) => typeof value === 'number',
  boolean: (value) => typeof value === 'boolean',
}
