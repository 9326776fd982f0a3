import { isPartKind } from '../../../codec/composite-id.ts'
import type { kinds, OfKind } from '../../../codec/kinds.ts'
import type { Entity, Id, IdKinds, Leaf } from '../../../entity/entity.ts'
import type { StoredId } from '../stored.ts'
import { binaryKind } from './binary.ts'
import { booleanKind } from './boolean.ts'
import { compositeIdKind, partKinds } from './composite-id.ts'
import { decimalKind } from './decimal.ts'
import { enumKind } from './enumeration.ts'
import { floatKind } from './float.ts'
import { intKind } from './int.ts'
import { jsonKind } from './json.ts'
import { longKind } from './long.ts'
import { longIdKind } from './long-id.ts'
import type { MongoKind } from './mongo-kind.ts'
import { objectIdKind } from './object-id.ts'
import { textKind } from './text.ts'
import { timestampKind } from './timestamp.ts'
import { timestampIn } from './timestamp-forms.ts'
import { uuidKind } from './uuid.ts'

const table = {
  objectId: objectIdKind,
  text: textKind,
  int: intKind,
  float: floatKind,
  boolean: booleanKind,
  timestamp: timestampKind,
  json: jsonKind,
  decimal: decimalKind,
  long: longKind,
  longId: longIdKind,
  uuid: uuidKind,
  binary: binaryKind,
  enum: enumKind,
} satisfies Record<keyof typeof kinds, unknown>

type KindOfLeaf = OfKind & Pick<Leaf, 'ofId' | 'converter'>

/** The kind of a leaf's values: parts of an id are met as the id has them, so that whoever has an id has its fields. */
export function mongoKind({ kind, parts, ofId, converter: { forms } }: KindOfLeaf): MongoKind<unknown> {
  if (forms) return timestampIn(forms)
  if (kind === 'compositeId') return compositeIdKind(parts!)
  return ofId && isPartKind(kind) ? partKinds[kind] : table[kind]
}

const idTable: { readonly [K in Exclude<keyof IdKinds, 'compositeId'>]: MongoKind<IdKinds[K], StoredId> } = table

export function mongoIdKind({ idKind, idParts }: Entity): MongoKind<Id, StoredId> {
  return idKind === 'compositeId' ? compositeIdKind(idParts!) : idTable[idKind]
}
