import type { Kind } from './kind.ts'
import { textKind } from './text.ts'

/** One of the texts that the field names; which, is the field's to check (`Leaf.values`). Ordered as text. */
export const enumKind: Kind<string> = { ...textKind, name: 'enum' }
