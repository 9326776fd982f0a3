import { isInt } from './int.ts'
import type { KindName } from './kinds.ts'

/** The kinds that can be asked for inside of a json value. */
export type KindInJson = 'text' | 'int' | 'float' | 'boolean'

/** Whether a kind is one of them: `define-entity` refuses json paths of others. */
export const isKindInJson = (kind: KindName): kind is KindInJson => kind in inJson

/** Which JSON values are a kind's. */
export const inJson: Record<KindInJson, (value: unknown) => boolean> = {
  text: (value) => typeof value === 'string',
  int: isInt,
  float: (value) => typeof value === 'number',
  boolean: (value) => typeof value === 'boolean',
}
