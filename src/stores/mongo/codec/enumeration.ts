import type { MongoKind } from './mongo-kind.ts'
import { textKind } from './text.ts'

/** Text; `decoded` and `decodeLeaf` hold it against the field's values. */
export const enumKind: MongoKind<string> = textKind
