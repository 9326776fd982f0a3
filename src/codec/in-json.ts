import { isInt } from './int.ts'

/** The kinds that can be asked for inside of a json value. */
export type KindInJson = 'text' | 'int' | 'float' | 'boolean'

/** Which JSON values are a kind's. */
export const inJson: Record<KindInJson, (value: unknown) => boolean> = {
  text: (value) => typeof value === 'string',
  int: isInt,
  float: (value) => typeof value === 'number',
  boolean: (value) => typeof value === 'boolean',
}
